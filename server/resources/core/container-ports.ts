import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isValidPortName, isValidPortNum } from '../../../api/names.ts';
import type { Container, ContainerPort } from './pod-types.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];

export function validateContainerPorts(ports: readonly ContainerPort[], path: FieldPath, errors: FieldErrors): void {
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = path.index(i);
    validatePortName(port, names, at, errors);
    if (!port.containerPort) errors.push(required(at.child('containerPort')));
    else validateNumber(port.containerPort, at, 'containerPort', errors);
    if (port.hostPort) validateNumber(port.hostPort, at, 'hostPort', errors);
    const { protocol = '' } = port;
    if (protocol === '') errors.push(required(at.child('protocol')));
    else if (!protocols.includes(protocol)) errors.push(notSupported(at.child('protocol'), protocol, protocols));
  }
}

function validatePortName(
  { name = '' }: Readonly<ContainerPort>,
  names: Set<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (name === '') return;
  const messages = isValidPortName(name);
  for (const message of messages) errors.push(invalid(path.child('name'), name, message));
  if (messages.length > 0) return;
  if (names.has(name)) errors.push(duplicate(path.child('name'), name));
  names.add(name);
}

function validateNumber(port: number, path: FieldPath, field: string, errors: FieldErrors): void {
  if (port >= 1 && port <= 65535) return;
  for (const message of isValidPortNum(port)) errors.push(invalid(path.child(field), port, message));
}

/** No two ports of these containers may take the same port of the host. */
export function validateHostPorts(containers: readonly Container[], path: FieldPath, errors: FieldErrors): void {
  let taken: Set<string> | undefined;
  for (const [i, container] of containers.entries()) {
    for (const [j, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      taken ??= new Set();
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) errors.push(duplicate(path.index(i).child('ports').index(j).child('hostPort'), key));
      else taken.add(key);
    }
  }
}

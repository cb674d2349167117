import { duplicate, type FieldErrors, FieldPath, forbidden, notSupported, required } from '../../../api/field-error.ts';
import { isValidPortName, isValidPortNum } from '../../../api/names.ts';
import { dns1123LabelErrors, invalidEach, qualifiedNameErrors } from './field-checks.ts';
import type { ServicePort, ServiceSpec } from './service-traits.ts';

const portsPath = FieldPath.of('spec', 'ports');
const protocols = ['SCTP', 'TCP', 'UDP'];

function validateName(port: Readonly<ServicePort>, seen: Set<string>, isOnly: boolean, path: FieldPath): FieldErrors {
  const name = port.name ?? '';
  if (name === '') return isOnly ? [] : [required(path)];
  const errors = dns1123LabelErrors(name, path);
  if (seen.has(name)) errors.push(duplicate(path, name));
  seen.add(name);
  return errors;
}

function validateTarget(target: ServicePort['targetPort'], path: FieldPath): FieldErrors {
  if (typeof target === 'string') return invalidEach(path, target, isValidPortName(target));
  return invalidEach(path, target ?? 0, isValidPortNum(target ?? 0));
}

function validatePort(port: Readonly<ServicePort>, path: FieldPath): FieldErrors {
  const { port: number = 0, protocol = '' } = port;
  const errors = invalidEach(path.child('port'), number, isValidPortNum(number));
  if (protocol === '') errors.push(required(path.child('protocol')));
  else if (!protocols.includes(protocol)) errors.push(notSupported(path.child('protocol'), protocol, protocols));
  errors.push(...validateTarget(port.targetPort, path.child('targetPort')));
  if (port.appProtocol !== undefined) errors.push(...qualifiedNameErrors(port.appProtocol, path.child('appProtocol')));
  return errors;
}

function validateTogether(spec: Readonly<ServiceSpec>): FieldErrors {
  const ports = spec.ports ?? [];
  const errors: FieldErrors = [];
  if (spec.type === 'ClusterIP') {
    ports.forEach((port, i) => {
      if (port.nodePort) {
        errors.push(forbidden(portsPath.index(i).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
      }
    });
  }
  const nodePorts = new Set<string>();
  ports.forEach(({ protocol = '', nodePort = 0 }, i) => {
    if (nodePort === 0) return;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(portsPath.index(i).child('nodePort'), nodePort));
    nodePorts.add(key);
  });
  const numbers = new Set<string>();
  ports.forEach(({ protocol = '', port = 0 }, i) => {
    const key = `${protocol}/${port}`;
    const printed = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (numbers.has(key)) errors.push(duplicate(portsPath.index(i), printed));
    numbers.add(key);
  });
  return errors;
}

/** Errors of each port, and of the ports together: upstream reports other fields in between. */
export function validatePorts(spec: Readonly<ServiceSpec>): {
  readonly each: FieldErrors;
  readonly together: FieldErrors;
} {
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  const each = ports.flatMap((port, i) => {
    const path = portsPath.index(i);
    return [...validateName(port, names, ports.length === 1, path.child('name')), ...validatePort(port, path)];
  });
  return { each, together: validateTogether(spec) };
}

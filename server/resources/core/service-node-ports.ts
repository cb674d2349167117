import { FieldPath, invalid } from '../../../api/field-error.ts';
import { internalErrorStatus, StatusError } from '../../../api/status.ts';
import { AllocationError } from './cluster-ip-allocator.ts';
import type { NodePortOperation } from './node-port-allocator.ts';
import { throwInvalidService } from './service-ip-families.ts';
import { allocatesNodePorts, hasNodePorts, needsHealthCheck, nodePortsOf, type Service } from './service-traits.ts';

const portsPath = FieldPath.of('spec', 'ports');

function take(service: Readonly<Service>, operation: NodePortOperation, port: number, index: number): void {
  try {
    operation.allocate(port);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throwInvalidService(service, [invalid(portsPath.index(index).child('nodePort'), port, error.message)]);
  }
}

function takeNext(operation: NodePortOperation): number {
  try {
    return operation.allocateNext();
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw internalErrorStatus(`failed to allocate a nodePort: ${error.message}`, error);
  }
}

/** Ports of the same number (TCP and UDP) share a node port unless they ask for different ones. */
function allocateForCreate(service: Service, operation: NodePortOperation): void {
  const spec = service.spec ?? {};
  const ports = spec.ports ?? [];
  const byPort = new Map<number, number>();
  ports.forEach((port, i) => {
    if (!port.nodePort && !allocatesNodePorts(spec)) return;
    const number = port.port ?? 0;
    const allocated = byPort.get(number);
    if (allocated === undefined) {
      const requested = ports.find((p) => p.port === port.port && p.nodePort)?.nodePort;
      if (requested !== undefined) take(service, operation, requested, i);
      port.nodePort = requested ?? takeNext(operation);
      byPort.set(number, port.nodePort);
    } else if (!port.nodePort) {
      port.nodePort = allocated;
    } else if (port.nodePort !== allocated) {
      take(service, operation, port.nodePort, i);
    }
  });
}

function allocateHealthCheck(service: Service, operation: NodePortOperation): void {
  const spec = service.spec ?? {};
  const requested = spec.healthCheckNodePort ?? 0;
  try {
    if (requested === 0) spec.healthCheckNodePort = operation.allocateNext();
    else operation.allocate(requested);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    const what = requested === 0 ? 'a HealthCheck NodePort 0' : `requested HealthCheck NodePort ${requested}`;
    throw internalErrorStatus(`failed to allocate ${what}: ${error.message}`, error);
  }
}

export function createNodePorts(service: Service, operation: NodePortOperation): void {
  const spec = service.spec ?? {};
  if (hasNodePorts(spec)) allocateForCreate(service, operation);
  if (needsHealthCheck(spec)) allocateHealthCheck(service, operation);
}

function allocateForUpdate(service: Service, old: Readonly<Service>, operation: NodePortOperation): void {
  const spec = service.spec ?? {};
  const before = new Set(nodePortsOf(old.spec ?? {}));
  const taken = new Set<number>();
  const seen = new Set<string>();
  (spec.ports ?? []).forEach((port, i) => {
    if (!port.nodePort && !allocatesNodePorts(spec)) return;
    if (!port.nodePort) {
      port.nodePort = takeNext(operation);
    } else if (!before.has(port.nodePort) && !taken.has(port.nodePort)) {
      take(service, operation, port.nodePort, i);
      taken.add(port.nodePort);
    }
    const key = `{${port.protocol} ${port.nodePort}}`;
    if (seen.has(key)) throw new StatusError('', `duplicate nodePort: ${key}`, { code: 500 });
    seen.add(key);
  });
  const now = new Set(nodePortsOf(spec));
  for (const port of before) if (!now.has(port)) operation.releaseLater(port);
}

export function updateNodePorts(service: Service, old: Readonly<Service>, operation: NodePortOperation): void {
  const spec = service.spec ?? {};
  const before = old.spec ?? {};
  if (hasNodePorts(spec)) allocateForUpdate(service, old, operation);
  else if (hasNodePorts(before)) for (const port of nodePortsOf(before)) operation.releaseLater(port);
  const needed = needsHealthCheck(before);
  const needs = needsHealthCheck(spec);
  if (needs && !needed) allocateHealthCheck(service, operation);
  if (needed && !needs && before.healthCheckNodePort) operation.releaseLater(before.healthCheckNodePort);
}

import { FieldPath, invalid } from '../../../api/field-error.ts';
import { internalErrorStatus, StatusError } from '../../../api/status.ts';
import type { StrategyDeps, Transaction } from '../../registry/strategy.ts';
import { AllocationError, allocateIP, allocateNextIP, releaseIP, serviceFamilies } from './cluster-ip-allocator.ts';
import { type NodePorts, nodePortOperation, nodePortsInUse } from './node-port-allocator.ts';
import { type IPFamily, initIPFamilies, throwInvalidService } from './service-ip-families.ts';
import { createNodePorts, updateNodePorts } from './service-node-ports.ts';
import { needsHealthCheck, nodePortsOf, type Service } from './service-traits.ts';
import { keepAllocatedValues, syncClusterIPs } from './service-transitions.ts';

// One set of node ports per cluster, for as long as the cluster lives.
const nodePortsOfCluster = new WeakMap<StrategyDeps, NodePorts>();

function nodePorts(deps: StrategyDeps): NodePorts {
  const known = nodePortsOfCluster.get(deps);
  if (known !== undefined) return known;
  const ports = nodePortsInUse(deps);
  nodePortsOfCluster.set(deps, ports);
  return ports;
}

function interpret(error: unknown, service: Readonly<Service>, what: string): never {
  if (!(error instanceof AllocationError)) throw error;
  if (error.isFull) {
    const text = `failed to allocate a serviceIP for Service ${JSON.stringify(service.metadata?.name ?? '')}: ${error.message}`;
    throw internalErrorStatus(text, error);
  }
  const detail = `failed to allocate IP${what}: ${error.message}`;
  throwInvalidService(service, [invalid(FieldPath.of('spec', 'clusterIPs'), service.spec?.clusterIPs, detail)]);
  throw error;
}

/** Fills the addresses of families from index `from` on; returns those taken, or takes none. */
async function takeClusterIPs(service: Service, from: number, deps: StrategyDeps, dryRun: boolean): Promise<string[]> {
  const spec = service.spec ?? {};
  const families = (spec.ipFamilies ?? []) as readonly IPFamily[];
  const ips = families.map((_, i) => spec.clusterIPs?.[i] ?? '');
  const taken: string[] = [];
  for (const [i, family] of families.entries()) {
    if (i < from) continue;
    const requested = ips[i] ?? '';
    try {
      if (requested === '') ips[i] = await allocateNextIP(deps, service, family, dryRun);
      else await allocateIP(deps, service, requested, dryRun);
    } catch (error) {
      await release(taken, deps, dryRun);
      interpret(error, service, requested === '' ? '' : ` ${requested}`);
    }
    taken.push(ips[i] ?? '');
  }
  if (ips.length > 0) {
    spec.clusterIPs = ips;
    spec.clusterIP = ips[0];
  }
  return taken;
}

async function release(ips: readonly string[], deps: StrategyDeps, dryRun: boolean): Promise<void> {
  if (dryRun) return;
  for (const ip of ips) await releaseIP(deps, ip);
}

interface AddressChange {
  readonly taken: readonly string[];
  readonly released: readonly string[];
}

async function updateClusterIPs(
  service: Service,
  old: Readonly<Service>,
  deps: StrategyDeps,
  dryRun: boolean,
): Promise<AddressChange> {
  const spec = service.spec ?? {};
  const before = old.spec ?? {};
  const hadName = before.type === 'ExternalName';
  const isHeadless = spec.clusterIPs?.[0] === 'None';
  if (hadName) {
    const taken = spec.type === 'ExternalName' || isHeadless ? [] : await takeClusterIPs(service, 0, deps, dryRun);
    return { taken, released: [] };
  }
  if (before.clusterIPs?.[0] === 'None') return { taken: [], released: [] };
  if (spec.type === 'ExternalName') return { taken: [], released: before.clusterIPs ?? [] };
  const now = spec.ipFamilies?.length ?? 0;
  const then = before.ipFamilies?.length ?? 0;
  if (then === 1 && now === 2) return { taken: await takeClusterIPs(service, 1, deps, dryRun), released: [] };
  return { taken: [], released: then === 2 && now === 1 ? (before.clusterIPs ?? []).slice(1) : [] };
}

function transaction(
  change: AddressChange,
  ports: Required<Transaction>,
  deps: StrategyDeps,
  dryRun: boolean,
): Transaction {
  return {
    async commit() {
      await ports.commit();
      await release(change.released, deps, dryRun);
    },
    async revert() {
      await ports.revert();
      await release(change.taken, deps, dryRun);
    },
  };
}

/** Addresses first, then ports, as upstream: what was taken is given back when a later step fails. */
async function withNodePorts(
  change: AddressChange,
  deps: StrategyDeps,
  dryRun: boolean,
  allocate: (operation: ReturnType<typeof nodePortOperation>) => void,
): Promise<Transaction> {
  const operation = nodePortOperation(nodePorts(deps), deps.random, dryRun);
  try {
    allocate(operation);
  } catch (error) {
    operation.revert();
    await release(change.taken, deps, dryRun);
    throw error;
  }
  return transaction(change, operation, deps, dryRun);
}

export async function allocateCreate(service: Service, deps: StrategyDeps, dryRun: boolean): Promise<Transaction> {
  service.spec ??= {};
  const spec = service.spec;
  syncClusterIPs(spec, undefined);
  initIPFamilies(service, undefined, serviceFamilies(deps));
  const hasNone = spec.type === 'ExternalName' || spec.clusterIPs?.[0] === 'None';
  const taken = hasNone ? [] : await takeClusterIPs(service, 0, deps, dryRun);
  return withNodePorts({ taken, released: [] }, deps, dryRun, (operation) => createNodePorts(service, operation));
}

export async function allocateUpdate(
  service: Service,
  old: Readonly<Service>,
  deps: StrategyDeps,
  dryRun: boolean,
): Promise<Transaction> {
  service.spec ??= {};
  keepAllocatedValues(service.spec, old.spec ?? {});
  syncClusterIPs(service.spec, old.spec ?? {});
  initIPFamilies(service, old, serviceFamilies(deps));
  const change = await updateClusterIPs(service, old, deps, dryRun);
  return withNodePorts(change, deps, dryRun, (operation) => updateNodePorts(service, old, operation));
}

/** Gives everything back, and removes the Endpoints of the same name, as upstream does. */
export async function releaseService(service: Readonly<Service>, deps: StrategyDeps): Promise<void> {
  const { metadata = {}, spec = {} } = service;
  const ports = nodePorts(deps);
  for (const port of nodePortsOf(spec)) ports.used.delete(port);
  if (needsHealthCheck(spec) && spec.healthCheckNodePort) ports.used.delete(spec.healthCheckNodePort);
  if (spec.type !== 'ExternalName' && spec.clusterIPs?.[0] !== 'None')
    await release(spec.clusterIPs ?? [], deps, false);
  const { namespace = '', name = '' } = metadata;
  if (deps.reader.get('endpoints', namespace, name) === undefined) return;
  try {
    await deps.writer.delete('endpoints', namespace, name);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}

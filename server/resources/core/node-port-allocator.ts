import type { StrategyDeps } from '../../registry/strategy.ts';
import { AllocationError } from './cluster-ip-allocator.ts';
import { needsHealthCheck, nodePortsOf, type Service } from './service-traits.ts';

/** The node ports in use: kept in memory, seeded once from the stored services. */
export interface NodePorts {
  readonly first: number;
  readonly last: number;
  readonly used: Set<number>;
}

export function nodePortsInUse(deps: StrategyDeps): NodePorts {
  const used = new Set<number>();
  for (const { spec = {} } of deps.reader.list<Service>('services')) {
    for (const port of nodePortsOf(spec)) used.add(port);
    if (needsHealthCheck(spec) && spec.healthCheckNodePort) used.add(spec.healthCheckNodePort);
  }
  return { ...deps.serviceNodePortRange, used };
}

const minOffset = 16;
const maxOffset = 128;
const offsetStep = 32;

/** So many low ports are left to those who ask for one, while there are others. */
function offsetOf(size: number): number {
  if (size <= minOffset) return 0;
  return Math.min(maxOffset, Math.max(minOffset, Math.floor(size / offsetStep)));
}

function freePort({ first, last, used }: NodePorts, random: { next(): number }): number | undefined {
  const size = last - first + 1;
  const offset = offsetOf(size);
  for (const [from, count] of [
    [first + offset, size - offset],
    [first, offset],
  ] as const) {
    const start = Math.floor(random.next() * count);
    for (let i = 0; i < count; i++) {
      const port = from + ((start + i) % count);
      if (!used.has(port)) return port;
    }
  }
  return undefined;
}

/** Ports taken and given up by one request; taken ones are reserved at once, given up ones only when the request succeeded. */
export interface NodePortOperation {
  allocate(port: number): void;
  allocateNext(): number;
  releaseLater(port: number): void;
  commit(): void;
  revert(): void;
}

// Ports that a dry run answers with when it has to invent one.
const dryRunStart = 32_768;

export function nodePortOperation(ports: NodePorts, random: { next(): number }, dryRun: boolean): NodePortOperation {
  const { first, last, used } = ports;
  const taken = new Set<number>();
  const released: number[] = [];
  return {
    allocate(port) {
      if (!dryRun && (port < first || port > last)) {
        throw new AllocationError(
          `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
        );
      }
      if (used.has(port) || taken.has(port)) throw new AllocationError('provided port is already allocated');
      taken.add(port);
      if (!dryRun) used.add(port);
    },
    allocateNext() {
      const port = dryRun ? Math.max(taken.size === 0 ? dryRunStart : 0, ...taken) + 1 : freePort(ports, random);
      if (port === undefined) throw new AllocationError('range is full', true);
      taken.add(port);
      if (!dryRun) used.add(port);
      return port;
    },
    releaseLater(port) {
      released.push(port);
    },
    commit() {
      if (!dryRun) for (const port of released) used.delete(port);
    },
    revert() {
      if (!dryRun) for (const port of taken) used.delete(port);
    },
  };
}

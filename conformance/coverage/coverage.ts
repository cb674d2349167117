import type { Exchange } from '../runner/case.ts';
import { type Operation, operationFinder } from './operations.ts';

/** What a run used of one operation. */
export interface OperationUse {
  readonly operation: Operation;
  /** Times that status and body of an answer were both asserted. */
  asserted: number;
  sent: number;
  readonly parameters: Set<string>;
  readonly requestTypes: Set<string>;
  readonly responseTypes: Set<string>;
  readonly statuses: Set<number>;
}

export interface CoverageRow {
  readonly groupVersion: string;
  readonly resource: string;
  readonly operations: number;
  readonly covered: number;
  readonly missing: readonly string[];
}

export interface Coverage {
  readonly operations: number;
  readonly covered: number;
  /** Of the group-versions that the cluster serves. */
  readonly servedOperations: number;
  readonly servedCovered: number;
  readonly parameters: { readonly known: number; readonly used: number };
  readonly requestTypes: Readonly<Record<string, number>>;
  readonly responseTypes: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly rows: readonly CoverageRow[];
}

export interface CoverageRecorder {
  add(
    exchanges: readonly Pick<
      Exchange,
      'method' | 'path' | 'requestType' | 'status' | 'contentType' | 'statusAsserted' | 'bodyAsserted'
    >[],
  ): void;
  summary(served: ReadonlySet<string>): Coverage;
}

function tally(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Counts from the client's side: an operation is covered once a case asserted both status and body of an answer. */
export function createCoverage(operations: readonly Operation[]): CoverageRecorder {
  const find = operationFinder(operations);
  const uses = new Map<Operation, OperationUse>();
  for (const operation of operations) {
    const sets = { parameters: new Set<string>(), requestTypes: new Set<string>(), responseTypes: new Set<string>() };
    uses.set(operation, { operation, asserted: 0, sent: 0, statuses: new Set(), ...sets });
  }
  return {
    add: (exchanges) => {
      for (const exchange of exchanges) {
        const operation = find(exchange.method, exchange.path);
        const use = operation === undefined ? undefined : uses.get(operation);
        if (use === undefined) continue;
        use.sent++;
        if (!exchange.statusAsserted) continue;
        use.statuses.add(exchange.status);
        if (!exchange.bodyAsserted) continue;
        use.asserted++;
        use.responseTypes.add(exchange.contentType);
        if (exchange.requestType !== '') use.requestTypes.add(exchange.requestType);
        const query = new URLSearchParams(exchange.path.split('?')[1] ?? '');
        for (const name of query.keys()) if (use.operation.parameters.includes(name)) use.parameters.add(name);
      }
    },
    summary: (served) => summarise([...uses.values()], served),
  };
}

function summarise(uses: readonly OperationUse[], served: ReadonlySet<string>): Coverage {
  const isServed = ({ operation }: OperationUse): boolean =>
    operation.groupVersion === '(server)' || served.has(operation.groupVersion);
  const isCovered = ({ asserted }: OperationUse): boolean => asserted > 0;
  const groups = new Map<string, OperationUse[]>();
  for (const use of uses) {
    const key = `${use.operation.groupVersion} ${use.operation.resource}`;
    groups.set(key, [...(groups.get(key) ?? []), use]);
  }
  const rows = [...groups.values()].map((group): CoverageRow => {
    const [{ operation } = { operation: { groupVersion: '', resource: '' } }] = group;
    const missing = group
      .filter((use) => !isCovered(use))
      .map((use) => `${use.operation.method} ${use.operation.template}`);
    const { groupVersion, resource } = operation;
    return { groupVersion, resource, operations: group.length, covered: group.length - missing.length, missing };
  });
  return {
    operations: uses.length,
    covered: uses.filter(isCovered).length,
    servedOperations: uses.filter(isServed).length,
    servedCovered: uses.filter((use) => isServed(use) && isCovered(use)).length,
    parameters: {
      known: uses.filter(isServed).reduce((sum, { operation }) => sum + new Set(operation.parameters).size, 0),
      used: uses.filter(isServed).reduce((sum, { parameters }) => sum + parameters.size, 0),
    },
    requestTypes: tally(uses.flatMap(({ requestTypes }) => [...requestTypes])),
    responseTypes: tally(uses.flatMap(({ responseTypes }) => [...responseTypes])),
    statuses: tally(uses.flatMap(({ statuses }) => [...statuses].map(String))),
    rows,
  };
}

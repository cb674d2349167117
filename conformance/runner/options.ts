import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export const usage = `usage: node conformance/run.ts [FLAGS]
  without a cluster, our server is started; it is left to itself what it stores in:
    --storage memory|leveldb|both   default both
    --server-flag FLAG              handed to our server, may be given again
  a cluster that runs:
    --kubeconfig FILE | --server URL [--token T] [--insecure]
  what to run:
    --area AREA                     api, watch, core, ...; may be given again
    --only TEXT                     cases and tables whose id contains it; may be given again
    --parallel N                    cases at a time
    --no-tables                     cases alone
    --list                          print the ids and end
  the same against a second cluster, answers compared field by field:
    --reference FILE | --reference-server URL [--reference-token T]
  results:
    --report DIR                    default .kubefacade/conformance
    --gaps FILE                     known gaps; default known-gaps.json for our own server, none for others
`;

/** How to reach a cluster that runs already. */
export interface ClusterAddress {
  readonly kubeconfig?: string;
  readonly server?: string;
  readonly token?: string;
  readonly insecure: boolean;
}

export interface RunOptions {
  readonly cluster: ClusterAddress | undefined;
  readonly reference: ClusterAddress | undefined;
  readonly storages: readonly ('memory' | 'leveldb')[];
  readonly serverFlags: readonly string[];
  readonly areas: readonly string[];
  readonly only: readonly string[];
  readonly parallel: number;
  readonly tables: boolean;
  readonly list: boolean;
  readonly report: string;
  readonly gaps: string | undefined;
}

export class UsageError extends Error {
  override name = 'UsageError';
}

const knownGaps = join(import.meta.dirname, '..', 'known-gaps.json');

function addressOf(kubeconfig?: string, server?: string, token?: string, insecure = false): ClusterAddress | undefined {
  if (kubeconfig === undefined && server === undefined) return undefined;
  return {
    insecure,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(server === undefined ? {} : { server }),
    ...(token === undefined ? {} : { token }),
  };
}

function storagesOf(storage: string): readonly ('memory' | 'leveldb')[] {
  if (storage === 'both') return ['memory', 'leveldb'];
  if (storage === 'memory' || storage === 'leveldb') return [storage];
  throw new UsageError(`--storage ${storage}: expected memory, leveldb or both`);
}

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean', default: false } as const;

export function parseOptions(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      storage: { type: 'string', default: 'both' },
      'server-flag': texts,
      kubeconfig: text,
      server: text,
      token: text,
      insecure: flag,
      area: texts,
      only: texts,
      parallel: text,
      tables: { type: 'boolean', default: true },
      list: flag,
      reference: text,
      'reference-server': text,
      'reference-token': text,
      report: { type: 'string', default: '.kubefacade/conformance' },
      gaps: text,
    },
  });
  const parallel = Number(values.parallel ?? 2 * availableParallelism());
  if (!Number.isInteger(parallel) || parallel < 1)
    throw new UsageError(`--parallel ${values.parallel}: expected a number`);
  const cluster = addressOf(values.kubeconfig, values.server, values.token, values.insecure);
  return {
    cluster,
    reference: addressOf(values.reference, values['reference-server'], values['reference-token'], true),
    storages: storagesOf(values.storage),
    serverFlags: values['server-flag'] ?? [],
    areas: values.area ?? [],
    only: values.only ?? [],
    parallel,
    tables: values.tables,
    list: values.list,
    report: values.report,
    gaps: values.gaps ?? (cluster === undefined ? knownGaps : undefined),
  };
}

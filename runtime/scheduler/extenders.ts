import type { ExtenderConfiguration } from './configuration.ts';
import type { Diagnosis } from './diagnosis.ts';
import { unresolvable, unschedulable } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Sends JSON and answers with JSON; fails unless the other side says 200. */
export type Post = (url: string, body: unknown, timeoutMs: number) => Promise<unknown>;

/** Another program that has a say in where pods go. */
export interface Extender {
  readonly name: string;
  readonly isIgnorable: boolean;
  isInterested(pod: PodInfo): boolean;
  /** The nodes that it leaves; what it turns away goes to `diagnosis`. Undefined: it does not filter. */
  readonly filter:
    | ((pod: PodInfo, nodes: readonly NodeInfo[], diagnosis: Diagnosis) => Promise<NodeInfo[]>)
    | undefined;
  /** On the scale of plugins' sums. */
  readonly prioritize: ((pod: PodInfo, nodes: readonly NodeInfo[]) => Promise<ReadonlyMap<string, number>>) | undefined;
  readonly bind: ((pod: PodInfo, nodeName: string) => Promise<void>) | undefined;
}

const extenderPlugin = 'Extender';
/** Extenders score from 0 to 10, plugins from 0 to 100. */
const scale = 10;
const defaultTimeoutMs = 5000;

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** As in `1m30s`. */
function millisecondsOf(duration: string | undefined): number {
  let sum = 0;
  for (const [, amount, unit = ''] of (duration ?? '').matchAll(/([0-9.]+)(ms|s|m|h)/g))
    sum += Number(amount) * (units[unit] ?? 0);
  return sum === 0 ? defaultTimeoutMs : sum;
}

/** Extenders are written with libraries that do not mind the case of keys. */
function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(Object.entries((value ?? {}) as object).map(([key, field]) => [key.toLowerCase(), field]));
}

function errorIn(answer: ReadonlyMap<string, unknown>): void {
  const error = answer.get('error');
  if (typeof error === 'string' && error !== '') throw new Error(error);
}

function requestsAny({ pod }: PodInfo, names: ReadonlySet<string>): boolean {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  return [...containers, ...initContainers].some(({ resources }) =>
    Object.keys({ ...resources?.requests, ...resources?.limits }).some((name) => names.has(name)),
  );
}

export function createExtender(configuration: ExtenderConfiguration, post: Post): Extender {
  const { urlPrefix, filterVerb = '', prioritizeVerb = '', bindVerb = '', weight = 1 } = configuration;
  const { nodeCacheCapable = false, ignorable = false, managedResources = [] } = configuration;
  const timeoutMs = millisecondsOf(configuration.httpTimeout);
  const managed = new Set(managedResources.map(({ name }) => name));
  const call = async (verb: string, body: unknown): Promise<unknown> =>
    post(`${urlPrefix.replace(/\/+$/, '')}/${verb}`, body, timeoutMs);
  const argsOf = ({ pod }: PodInfo, nodes: readonly NodeInfo[]): object => ({
    Pod: pod,
    Nodes: nodeCacheCapable ? null : { items: nodes.map(({ node }) => node) },
    NodeNames: nodeCacheCapable ? nodes.map(({ name }) => name) : null,
  });
  const filter = async (pod: PodInfo, nodes: readonly NodeInfo[], diagnosis: Diagnosis): Promise<NodeInfo[]> => {
    const answer = fieldsOf(await call(filterVerb, argsOf(pod, nodes)));
    errorIn(answer);
    const items = (fieldsOf(answer.get('nodes')).get('items') ?? []) as readonly NodeInfo['node'][];
    const names =
      (answer.get('nodenames') as readonly string[] | null | undefined) ?? items.map(({ metadata }) => metadata?.name);
    const left = new Set(names);
    const failed = Object.entries((answer.get('failednodes') ?? {}) as Record<string, string>);
    const final = Object.entries((answer.get('failedandunresolvablenodes') ?? {}) as Record<string, string>);
    for (const [name, reason] of failed) diagnosis.rejections.set(name, unschedulable(extenderPlugin, reason));
    for (const [name, reason] of final) diagnosis.rejections.set(name, unresolvable(extenderPlugin, reason));
    const kept = nodes.filter(({ name }) => left.has(name));
    if (kept.length < nodes.length) diagnosis.rejectors.add(extenderPlugin);
    return kept;
  };
  const prioritize = async (pod: PodInfo, nodes: readonly NodeInfo[]): Promise<ReadonlyMap<string, number>> => {
    const answer = (await call(prioritizeVerb, argsOf(pod, nodes))) as readonly unknown[] | null;
    return new Map(
      (answer ?? []).map((one) => {
        const fields = fieldsOf(one);
        return [String(fields.get('host')), Number(fields.get('score') ?? 0) * weight * scale];
      }),
    );
  };
  const bind = async ({ name, namespace, uid }: PodInfo, nodeName: string): Promise<void> =>
    errorIn(fieldsOf(await call(bindVerb, { PodName: name, PodNamespace: namespace, PodUID: uid, Node: nodeName })));
  return {
    name: urlPrefix,
    isIgnorable: ignorable,
    isInterested: (pod) => managed.size === 0 || requestsAny(pod, managed),
    filter: filterVerb === '' ? undefined : filter,
    prioritize: prioritizeVerb === '' ? undefined : prioritize,
    bind: bindVerb === '' ? undefined : bind,
  };
}

/** Resources that only extenders know of: they are not compared with what nodes have. */
export function ignoredResources(configurations: readonly ExtenderConfiguration[]): readonly string[] {
  return configurations.flatMap(({ managedResources = [] }) =>
    managedResources.filter(({ ignoredByScheduler }) => ignoredByScheduler === true).map(({ name }) => name),
  );
}

/** What all of them leave. Throws when one that may not be ignored fails. */
export async function filterByExtenders(
  extenders: readonly Extender[],
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  diagnosis: Diagnosis,
): Promise<readonly NodeInfo[]> {
  let left = nodes;
  for (const { filter, isIgnorable } of extenders) {
    if (left.length === 0) return left;
    try {
      left = (await filter?.(pod, left, diagnosis)) ?? left;
    } catch (error) {
      if (!isIgnorable) throw error;
    }
  }
  return left;
}

/** `totals` with the extenders' scores added; one that fails has no say. */
export async function addExtenderScores(
  extenders: readonly Extender[],
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  totals: readonly number[],
): Promise<readonly number[]> {
  const answers = await Promise.allSettled(extenders.map(({ prioritize }) => prioritize?.(pod, nodes)));
  return nodes.map(({ name }, i) =>
    answers.reduce(
      (sum, answer) => sum + (answer.status === 'fulfilled' ? (answer.value?.get(name) ?? 0) : 0),
      totals[i] ?? 0,
    ),
  );
}

/** What a server must have for a scenario to mean anything; perf/needs.ts finds out. */
export const needs = ['server-side apply', 'custom resources', 'controllers', 'nodes'] as const;
export type Need = (typeof needs)[number];

/**
 * Which number is compared: how many in a second, how long one takes in the median, or how long 99 of 100 take at most
 * (for events, of which half overtake the acknowledgement of their write and so count as no time).
 */
export type Comparison = 'rate' | 'latency' | 'p99';

export interface ScenarioDefinition {
  readonly what: string;
  /** The script in perf/scenarios, when several scenarios share one. */
  readonly script?: string;
  /** What measures: k6 (the default), or a Node process where k6 cannot, since its HTTP client buffers whole answers. */
  readonly tool?: 'k6' | 'node';
  readonly compares?: Comparison;
  readonly needs?: readonly Need[];
  /** What the script reads from its environment beside the usual. */
  readonly env?: Readonly<Record<string, string>>;
  /** Pods that the turn uses up, made before it in the namespace `perf-create`. */
  readonly stock?: boolean;
  /** Whether the turn leaves pods in `perf-create`. */
  readonly creates?: boolean;
}

const fanOut = (watchers: number, writesPerSecond: number) => ({
  compares: 'p99' as const,
  env: { WATCHERS: String(watchers), WRITES: String(writesPerSecond) },
});

const webSocketWatch = (watchers: number, writesPerSecond: number): ScenarioDefinition => ({
  what: `one writer, ${watchers} watchers over WebSocket: from write acknowledged to event seen`,
  script: 'watch.js',
  ...fanOut(watchers, writesPerSecond),
});

const chunkedWatch = (watchers: number, writesPerSecond: number): ScenarioDefinition => ({
  what: `one writer, ${watchers} watchers of chunked answers: from write acknowledged to event seen`,
  script: 'chunked-watch.ts',
  tool: 'node',
  ...fanOut(watchers, writesPerSecond),
});

const catalog = {
  create: { what: 'POST of pods with new names', creates: true },
  get: { what: 'GET of single pods at random' },
  'list-500': { what: 'GET of the first page of 500' },
  'list-all': { what: 'GET of all pods in one answer' },
  'label-selection': { what: 'GET with a label selector that takes a tenth' },
  'field-selection': { what: 'GET of the 30 pods of one node, by spec.nodeName' },
  'merge-patch': { what: 'PATCH of an annotation by merge patch' },
  'strategic-merge-patch': { what: 'PATCH of an image, found by the container’s name' },
  'json-patch': { what: 'PATCH of an annotation by JSON patch, with a test of a label' },
  'apply-patch': { what: 'PATCH of a label by server-side apply', needs: ['server-side apply'] },
  'status-update': { what: 'PUT of pods’ status, as a kubelet reports it' },
  delete: { what: 'DELETE of pods without grace', stock: true },
  mixed: { what: '70 % GET, 10 % lists of a node, 10 % PATCH, 5 % POST, 5 % DELETE', creates: true },
  'watch-10': webSocketWatch(10, 50),
  'watch-100': webSocketWatch(100, 20),
  'watch-1000': webSocketWatch(1000, 4),
  'watch-chunked-10': chunkedWatch(10, 50),
  'watch-chunked-100': chunkedWatch(100, 20),
  'watch-chunked-1000': chunkedWatch(1000, 4),
  'informer-start': { what: 'list of all pods, then a watch from there until it is open', compares: 'latency' },
  'informer-stream': { what: 'watch with sendInitialEvents until its bookmark', compares: 'latency' },
  'large-objects': { what: 'POST, GET and DELETE of config maps of 1 MB' },
  'crd-churn': {
    what: 'a custom resource definition until it is served, one object of it, and its end',
    needs: ['custom resources'],
    compares: 'latency',
  },
  'pod-churn': {
    what: 'a pod from POST to Running, and from DELETE until it is gone',
    needs: ['controllers', 'nodes'],
    compares: 'latency',
  },
  'scale-up': {
    what: 'a Deployment from POST until all its replicas are ready',
    needs: ['controllers', 'nodes'],
    compares: 'latency',
    env: { REPLICAS: '100' },
  },
} satisfies Record<string, ScenarioDefinition>;

export type Scenario = keyof typeof catalog;

export const scenarios = Object.keys(catalog) as Scenario[];

export function definitionOf(scenario: Scenario): ScenarioDefinition {
  return catalog[scenario];
}

export const comparesOf = (scenario: Scenario): Comparison => definitionOf(scenario).compares ?? 'rate';

/** The scenarios of a list such as `get,watch-10`, in the order of the catalog; `all` is every one. */
export function chosenScenarios(list: string): Scenario[] {
  if (list === 'all') return scenarios;
  const names = list.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario === name));
  if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(', ')}: there are ${scenarios.join(', ')}`);
  return scenarios.filter((scenario) => names.includes(scenario));
}

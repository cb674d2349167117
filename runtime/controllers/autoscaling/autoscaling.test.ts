import t from 'tap';
import type { ApiClient } from '../../../api/client.ts';
import { notFoundError, StatusError } from '../../../api/status.ts';
import { type Behavior, Conditions, type MetricSpec, type Pod } from './autoscaler.ts';
import { decide, newHistory, rememberScaling, type Scaling } from './behavior.ts';
import { type ProposalContext, propose, UnableError, usageOf } from './propose.ts';
import {
  type Calculation,
  replicasByAverage,
  replicasByShare,
  replicasByUtilization,
  replicasByValue,
  requestOf,
} from './replica-calculator.ts';
import { Scales } from './scale-client.ts';

const minute = 60_000;
const now = Date.parse('2026-01-01T12:00:00Z');
const timing = { now, cpuInitializationMs: 5 * minute, initialReadinessDelayMs: 30_000 };
const tolerances = { down: 0.1, up: 0.1 };

interface PodFields {
  readonly phase?: string;
  readonly ready?: string;
  readonly startedMs?: number;
  readonly readyMs?: number;
  readonly isDeleted?: boolean;
  readonly request?: string;
}

function pod(name: string, fields: PodFields = {}): Pod {
  const {
    phase = 'Running',
    ready = 'True',
    startedMs = 10 * minute,
    readyMs = 9 * minute,
    isDeleted,
    request = '1',
  } = fields;
  const at = (ms: number): string => new Date(now - ms).toISOString();
  return {
    metadata: { name, ...(isDeleted === true ? { deletionTimestamp: at(0) } : {}) },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: request } } }] },
    status: {
      phase,
      startTime: at(startedMs),
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: at(readyMs) }],
    },
  } as Pod;
}

function calculation(current: number, pods: readonly Pod[], values: Readonly<Record<string, number>>): Calculation {
  const metrics = new Map(
    Object.entries(values).map(([name, value]) => [name, { value, timestamp: now, windowMs: minute }]),
  );
  return { current, pods, metrics, tolerances, timing, resource: 'cpu' };
}

const three = ['a', 'b', 'c'].map((name) => pod(name));
const all = (value: number): Record<string, number> => ({ a: value, b: value, c: value });

t.test('replicas by a share of requests', async (t) => {
  const unready = pod('d', { ready: 'False', startedMs: minute, readyMs: minute });
  const rows: [what: string, calculation: Calculation, target: number, expected: number][] = [
    ['up', calculation(3, three, all(500)), 30, 5],
    ['down', calculation(3, three, all(100)), 30, 1],
    ['within tolerance', calculation(3, three, all(320)), 30, 3],
    ['a missing pod stays out of growth that is doubtful', calculation(3, three, { a: 400, b: 400 }), 30, 3],
    ['a missing pod does not stop growth that is clear', calculation(3, three, { a: 900, b: 900 }), 30, 6],
    ['a missing pod is thought busy when shrinking', calculation(3, three, { a: 100, b: 100 }), 50, 3],
    ['unready pods count as idle', calculation(4, [...three, unready], { ...all(500), d: 900 }), 30, 5],
    ['unready pods do not stop shrinking', calculation(4, [...three, unready], { ...all(100), d: 900 }), 30, 1],
    [
      'deleted and failed ones do not count',
      calculation(3, [...three, pod('d', { isDeleted: true }), pod('e', { phase: 'Failed' })], { ...all(500), d: 1 }),
      30,
      5,
    ],
    ['pending ones are unready', calculation(4, [...three, pod('d', { phase: 'Pending' })], all(600)), 30, 6],
  ];
  for (const [what, given, target, expected] of rows)
    t.equal(replicasByUtilization(given, target, '').replicas, expected, what);
  t.match(replicasByUtilization(calculation(3, three, all(500)), 30, ''), { utilization: 50, usage: 500 });
});

t.test('what cannot be calculated is told', async (t) => {
  const noPods = 'no pods returned by selector while calculating replica count';
  t.throws(() => replicasByUtilization(calculation(1, [], {}), 50, ''), { message: noPods });
  const unready = 'did not receive metrics for targeted pods (pods might be unready)';
  t.throws(() => replicasByAverage(calculation(3, three, {}), 50), { message: unready });
  const bare = { ...pod('a'), spec: { containers: [{ name: 'c' }] } } as Pod;
  t.throws(() => requestOf(bare, '', 'cpu'), { message: 'missing request for cpu in container c of Pod a' });
  t.throws(() => requestOf(pod('a'), 'x', 'cpu'), { message: 'container x not found in Pod a' });
  const whole = { ...bare, spec: { ...bare.spec, resources: { requests: { cpu: '2' } } } } as Pod;
  t.equal(requestOf(whole, '', 'cpu'), 2000);
  const sidecar = { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } };
  const withSidecar = { ...pod('a'), spec: { ...pod('a').spec, initContainers: [sidecar, { name: 'i' }] } } as Pod;
  t.equal(requestOf(withSidecar, '', 'cpu'), 1500);
});

t.test('replicas by averages and by values', async (t) => {
  const plain = { ...calculation(3, three, all(6000)), resource: '' };
  t.strictSame(replicasByAverage(plain, 3000), { replicas: 6, usage: 6000 });
  t.strictSame(replicasByValue({ current: 3, pods: three, tolerances }, 20_000, 10_000).replicas, 6);
  t.strictSame(replicasByValue({ current: 0, pods: [], tolerances }, 20_000, 10_000).replicas, 2);
  t.strictSame(replicasByShare({ current: 3, tolerances }, 20_000, 2000), { replicas: 10, usage: 6667 });
  t.strictSame(replicasByShare({ current: 3, tolerances }, 6100, 2000), { replicas: 3, usage: 2034 });
  t.strictSame(
    [usageOf('cpu', 1500), usageOf('memory', 10_240_000), usageOf('memory', 2_097_152_000), usageOf('memory', 1500)],
    ['1500m', '10Ki', '2Mi', '1500m'],
  );
});

function scaling(current: number, desired: number, at = now): Scaling {
  return { current, desired, min: 1, max: 10, now: at, downscaleStabilizationMs: 5 * minute };
}

t.test('without a behaviour: down to the highest of five minutes, up to double or four', async (t) => {
  const history = newHistory();
  t.match(decide(scaling(1, 9), history, undefined), {
    replicas: 4,
    scalingLimited: { reason: 'ScaleUpLimit', isLimited: true },
  });
  t.match(decide(scaling(8, 20, now + minute), newHistory(), undefined), {
    replicas: 10,
    scalingLimited: { reason: 'TooManyReplicas', isLimited: true },
  });
  t.match(decide(scaling(8, 2, now + minute), history, undefined), {
    replicas: 9,
    ableToScale: { reason: 'ScaleDownStabilized' },
  });
  t.match(decide(scaling(8, 2, now + 7 * minute), history, undefined), {
    replicas: 2,
    ableToScale: { reason: 'ReadyForNewScale' },
    scalingLimited: { reason: 'DesiredWithinRange', isLimited: false },
  });
  t.match(decide({ ...scaling(3, 0), min: 2 }, newHistory(), undefined), {
    replicas: 2,
    scalingLimited: { reason: 'TooFewReplicas', isLimited: true },
  });
});

t.test('with a behaviour: windows and policies of both directions', async (t) => {
  const policies = [
    { type: 'Pods', value: 2, periodSeconds: 60 },
    { type: 'Percent', value: 100, periodSeconds: 60 },
  ];
  const up = (selectPolicy: string): Behavior => ({
    scaleUp: { selectPolicy, policies, stabilizationWindowSeconds: 0 },
    scaleDown: {
      selectPolicy,
      policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }],
      stabilizationWindowSeconds: 60,
    },
  });
  t.equal(decide(scaling(3, 10), newHistory(), up('Max')).replicas, 6);
  t.equal(decide(scaling(3, 10), newHistory(), up('Min')).replicas, 5);
  t.match(decide(scaling(3, 10), newHistory(), up('Disabled')), {
    replicas: 3,
    scalingLimited: { reason: 'ScaleUpLimit' },
  });
  const history = newHistory();
  rememberScaling(history, up('Min'), { current: 3, desired: 5, now });
  t.equal(decide(scaling(5, 10, now + 1000), history, up('Min')).replicas, 5, 'the period has had its two');
  t.equal(decide(scaling(5, 10, now + 61_000), history, up('Min')).replicas, 7);
  t.match(decide(scaling(9, 1), newHistory(), up('Max')), {
    replicas: 4,
    scalingLimited: { reason: 'ScaleDownLimit' },
  });
  const busy = newHistory();
  busy.recommendations.push({ replicas: 7, at: now - 30_000 });
  t.match(decide(scaling(9, 1), busy, up('Max')), { replicas: 7, ableToScale: { reason: 'ScaleDownStabilized' } });
  const slow: Behavior = { ...up('Max'), scaleUp: { policies, selectPolicy: 'Max', stabilizationWindowSeconds: 60 } };
  const calm = newHistory();
  calm.recommendations.push({ replicas: 4, at: now - 30_000 });
  t.match(decide(scaling(3, 6), calm, slow), { replicas: 4, ableToScale: { reason: 'ScaleUpStabilized' } });
});

t.test('a condition keeps its time until its status changes', async (t) => {
  const before = [{ type: 'AbleToScale', status: 'True', lastTransitionTime: 'then', reason: 'a', message: 'm' }];
  const conditions = new Conditions(before, 'now');
  conditions.set('AbleToScale', true, 'b', 'n');
  conditions.set('ScalingActive', false, 'c', 'o');
  t.strictSame(conditions.list, [
    { type: 'AbleToScale', status: 'True', lastTransitionTime: 'then', reason: 'b', message: 'n' },
    { type: 'ScalingActive', status: 'False', lastTransitionTime: 'now', reason: 'c', message: 'o' },
  ]);
  conditions.set('AbleToScale', false, 'd', 'p');
  t.equal(conditions.list[0]?.lastTransitionTime, 'now');
});

/** Answers by path; anything else is not found. */
function server(answers: Readonly<Record<string, unknown>>, asked: string[] = []): ApiClient {
  return {
    request: async (_method: string, path: string) => {
      asked.push(path);
      const answer = answers[path];
      if (answer === undefined) throw new StatusError('NotFound', '404 page not found', { code: 404 });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as ApiClient;
}

function context(client: ApiClient): ProposalContext {
  return {
    client,
    scales: new Scales(client, () => now),
    namespace: 'n',
    selector: 'app=a',
    pods: three,
    specReplicas: 3,
    statusReplicas: 3,
    tolerances,
    timing,
  };
}

const timestamp = new Date(now).toISOString();
const custom = { '/apis/custom.metrics.k8s.io': { versions: [{ version: 'v1beta1' }, { version: 'v1beta2' }] } };

t.test('each kind of metric is asked where it is served', async (t) => {
  const usage = ['a', 'b', 'c'].map((name) => ({
    metadata: { name },
    timestamp,
    window: '1m0s',
    containers: [
      { name: 'c', usage: { cpu: '600m' } },
      { name: 'd', usage: { cpu: '300m' } },
    ],
  }));
  const client = server({
    ...custom,
    '/apis/metrics.k8s.io/v1beta1/namespaces/n/pods?labelSelector=app%3Da': { items: usage },
    '/apis/custom.metrics.k8s.io/v1beta2/namespaces/n/pods/*/hits?labelSelector=app%3Da&metricLabelSelector=x%3Dy': {
      items: ['a', 'b', 'c'].map((name) => ({ describedObject: { name }, timestamp, value: '4' })),
    },
    '/apis/networking.k8s.io/v1': { resources: [{ name: 'ingresses', kind: 'Ingress', namespaced: true }] },
    '/apis/custom.metrics.k8s.io/v1beta2/namespaces/n/ingresses.networking.k8s.io/main/hits': {
      items: [{ value: '20' }],
    },
    '/apis/external.metrics.k8s.io/v1beta1/namespaces/n/queue?labelSelector=x%3Dy': {
      items: [{ value: '7' }, { value: '500m' }],
    },
  });
  const selector = { matchLabels: { x: 'y' } };
  const describedObject = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' };
  const metric = { name: 'hits' };
  const rows: [MetricSpec, replicas: number, name: string, current: object][] = [
    [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 45 } } },
      6,
      'cpu resource utilization (percentage of request)',
      { resource: { name: 'cpu', current: { averageUtilization: 90, averageValue: '900m' } } },
    ],
    [
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 30 } },
      },
      6,
      'cpu container resource utilization (percentage of request)',
      { containerResource: { current: { averageUtilization: 60 } } },
    ],
    [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '300m' } } },
      9,
      'cpu resource',
      { resource: { current: { averageValue: '900m' } } },
    ],
    [
      { type: 'Pods', pods: { metric: { ...metric, selector }, target: { type: 'AverageValue', averageValue: '2' } } },
      6,
      'pods metric hits',
      { pods: { metric: { name: 'hits', selector }, current: { averageValue: '4' } } },
    ],
    [
      { type: 'Object', object: { describedObject, metric, target: { type: 'Value', value: '10' } } },
      6,
      'Ingress metric hits',
      { object: { current: { value: '20' } } },
    ],
    [
      { type: 'Object', object: { describedObject, metric, target: { type: 'AverageValue', averageValue: '2' } } },
      10,
      'external metric hits(nil)',
      { object: { current: { averageValue: '6667m' } } },
    ],
    [
      { type: 'External', external: { metric: { name: 'queue', selector }, target: { type: 'Value', value: '1' } } },
      23,
      'external metric queue(&LabelSelector{MatchLabels:map[string]string{x: y,},MatchExpressions:[]LabelSelectorRequirement{},})',
      { external: { current: { value: '7500m' } } },
    ],
  ];
  for (const [spec, replicas, name, status] of rows) {
    const proposed = await propose(spec, context(client));
    t.match(
      { replicas: proposed.replicas, name: proposed.name, status: proposed.status },
      { replicas, name, status },
      name,
    );
  }
});

t.test('metrics that nobody serves are told in the words of a client', async (t) => {
  const target = { type: 'AverageValue', averageValue: '1' };
  const rows: [MetricSpec, reason: string, inner: string, whole: string][] = [
    [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      'FailedGetResourceMetric',
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
      'failed to get cpu resource metric value: ',
    ],
    [
      { type: 'Pods', pods: { metric: { name: 'hits' }, target } },
      'FailedGetPodsMetric',
      'unable to get metric hits: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
      'failed to get pods metric value: ',
    ],
    [
      { type: 'External', external: { metric: { name: 'q' }, target } },
      'FailedGetExternalMetric',
      'unable to get external metric n/q/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get q.external.metrics.k8s.io)',
      'failed to get q external metric value: failed to get q external metric: ',
    ],
    [{ type: 'Odd' }, 'InvalidMetricSourceType', 'unknown metric source type "Odd"', ''],
  ];
  for (const [spec, reason, inner, prefix] of rows) {
    const error = await propose(spec, context(server({}))).catch((thrown: unknown) => thrown);
    t.ok(error instanceof UnableError);
    t.match(error, { reason, inner, message: `${prefix}${inner}` });
  }
});

t.test('scales of any kind are found by discovery, once in half a minute', async (t) => {
  const asked: string[] = [];
  const scale = { spec: { replicas: 2 }, status: { replicas: 2, selector: 'app=a' } };
  const client = server(
    {
      '/apis/example.com': { versions: [{ version: 'v2' }] },
      '/apis/example.com/v2': {
        resources: [
          { name: 'webs/scale', kind: 'Scale' },
          { name: 'webs', kind: 'Web', namespaced: true },
        ],
      },
      '/apis/example.com/v2/namespaces/n/webs/x/scale': scale,
      '/api/v1': { resources: [{ name: 'replicationcontrollers', kind: 'ReplicationController', namespaced: true }] },
      '/api/v1/namespaces/n/replicationcontrollers/x/scale': notFoundError(
        { group: '', resource: 'replicationcontrollers' },
        'x',
      ),
    },
    asked,
  );
  const scales = new Scales(client, () => now);
  const web = { apiVersion: 'example.com/v1', kind: 'Web', name: 'x' };
  t.strictSame(await scales.get(web, 'n'), scale);
  await scales.get(web, 'n');
  t.equal(asked.filter((path) => path === '/apis/example.com/v2').length, 1);
  await t.rejects(scales.get({ apiVersion: 'v1', kind: 'ReplicationController', name: 'x' }, 'n'), {
    message: 'replicationcontrollers "x" not found',
  });
  await t.rejects(scales.get({ apiVersion: 'apps/v1', kind: 'Web', name: 'x' }, 'n'), {
    message: 'no matches for kind "Web" in group "apps"',
  });
});

import type { Case } from '../../runner/case.ts';
import type { CaseContext, Expected } from '../../runner/context.ts';
import type { Condition } from '../conditions.ts';
import { becomes, tells } from '../storage/volume-objects.ts';

/** One of the conditions says exactly this. */
function says(
  type: string,
  status: string,
  reason: string,
  message: string | RegExp,
): (conditions: unknown) => boolean {
  return (conditions) => {
    const found = (conditions as readonly Condition[] | undefined)?.find((each) => each.type === type);
    if (found?.status !== status || found.reason !== reason) return false;
    return message instanceof RegExp ? message.test(found.message) : found.message === message;
  };
}

async function deployment(c: CaseContext): Promise<string> {
  const path = `/apis/apps/v1/namespaces/${await c.namespace()}/deployments`;
  const labels = { app: c.rand };
  const containers = [{ name: 'c', image: 'example.com/none' }];
  const template = {
    metadata: { labels },
    spec: { containers, nodeSelector: { 'conformance.example.com/nowhere': c.rand } },
  };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  await c.post(path, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec });
  return `${path}/web`;
}

async function autoscaler(c: CaseContext, name: string, spec: object): Promise<string> {
  const path = `/apis/autoscaling/v2/namespaces/${await c.namespace()}/horizontalpodautoscalers`;
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const body = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name } };
  await c.post(
    path,
    { ...body, spec: { scaleTargetRef, maxReplicas: 5, ...spec } },
    { has: { 'metadata.name': name } },
  );
  return `${path}/${name}`;
}

async function settles(
  c: CaseContext,
  path: string,
  conditions: readonly ReturnType<typeof says>[],
  has: Expected = {},
) {
  const all = (actual: unknown): boolean => conditions.every((condition) => condition(actual));
  await becomes(c, path, { 'status.conditions': all, ...has }, 6);
}

const gotScale = says(
  'AbleToScale',
  'True',
  'SucceededGetScale',
  "the HPA controller was able to get the target's current scale",
);

async function noTarget(c: CaseContext): Promise<void> {
  const missing = await autoscaler(c, 'missing', {});
  const unknown = await autoscaler(c, 'unknown', {
    scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Nothing', name: 'x' },
  });
  const prefix = "the HPA controller was unable to get the target's current scale: ";
  const notFound = 'deployments.apps "web" not found';
  await settles(c, missing, [says('AbleToScale', 'False', 'FailedGetScale', `${prefix}${notFound}`)]);
  await tells(c, 'missing', 'FailedGetScale', notFound);
  const noMatch = 'no matches for kind "Nothing" in group "example.com"';
  await settles(c, unknown, [says('AbleToScale', 'False', 'FailedGetScale', `${prefix}${noMatch}`)]);
}

async function bounds(c: CaseContext): Promise<void> {
  const target = await deployment(c);
  const path = await autoscaler(c, 'bounds', { minReplicas: 3 });
  await settles(
    c,
    path,
    [says('AbleToScale', 'True', 'SucceededRescale', 'the HPA controller was able to update the target scale to 3')],
    { 'status.currentReplicas': 1, 'status.desiredReplicas': 3, 'status.lastScaleTime': /./ },
  );
  const reason = 'Current number of replicas below Spec.MinReplicas';
  await tells(c, 'bounds', 'SuccessfulRescale', `New size: 3; reason: ${reason}`);
  await becomes(c, target, { 'spec.replicas': 3 });
}

async function externalMetrics(c: CaseContext): Promise<void> {
  const target = await deployment(c);
  const ns = await c.namespace();
  const metric = `${c.rand}queue`;
  const source = { metric: { name: metric }, target: { type: 'AverageValue', averageValue: '2' } };
  const behavior = { scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 600 }] } };
  const path = await autoscaler(c, 'queue', { metrics: [{ type: 'External', external: source }], behavior });
  const group = 'external.metrics.k8s.io';
  const missing = `the server could not find the requested resource (get ${metric}.${group})`;
  const unavailable = `unable to fetch metrics from external metrics API: ${missing}`;
  const why = `unable to get external metric ${ns}/${metric}/nil: ${unavailable}`;
  const unable = `the HPA was unable to compute the replica count: ${why}`;
  await settles(c, path, [gotScale, says('ScalingActive', 'False', 'FailedGetExternalMetric', unable)], {
    'status.currentMetrics': [{ type: '' }],
    'status.currentReplicas': 1,
  });
  await tells(c, 'queue', 'FailedGetExternalMetric', why);
  const whole = `invalid metrics (1 invalid out of 1), first error is: failed to get ${metric} external metric value: failed to get ${metric} external metric: ${why}`;
  await tells(c, 'queue', 'FailedComputeMetricsReplicas', whole);

  await serveMetric(c, metric, '9');
  const limited = 'the desired replica count is increasing faster than the maximum scale rate';
  await settles(
    c,
    path,
    [
      says('AbleToScale', 'True', 'SucceededRescale', 'the HPA controller was able to update the target scale to 3'),
      says('ScalingLimited', 'True', 'ScaleUpLimit', limited),
      says(
        'ScalingActive',
        'True',
        'ValidMetricFound',
        `the HPA was able to successfully calculate a replica count from external metric ${metric}(nil)`,
      ),
    ],
    {
      'status.desiredReplicas': 3,
      'status.currentMetrics': [
        { type: 'External', external: { metric: { name: metric }, current: { averageValue: '9' } } },
      ],
    },
  );
  await tells(c, 'queue', 'SuccessfulRescale', `New size: 3; reason: external metric ${metric}(nil) above target`);
  await becomes(c, target, { 'spec.replicas': 3 });
}

/** Custom objects stand for an adapter: a list of them is what one would answer. */
async function serveMetric(c: CaseContext, metric: string, value: string): Promise<void> {
  const group = 'external.metrics.k8s.io';
  const kind = 'ExternalMetricValue';
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const metadata = {
    name: `${metric}.${group}`,
    annotations: { 'api-approved.kubernetes.io': 'unapproved, a test' },
  };
  const names = { plural: metric, singular: metric, kind, listKind: `${kind}List` };
  const versions = [{ name: 'v1beta1', served: true, storage: true, schema }];
  const spec = { group, scope: 'Namespaced', names, versions };
  await c.post(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec },
    { has: { 'metadata.name': metadata.name } },
  );
  const path = `/apis/${group}/v1beta1/namespaces/${await c.namespace()}/${metric}`;
  await c.eventually('the metric to be served', async () => {
    return (await c.get(path, { unstable: true, status: [200, 404, 429] })).status === 200;
  });
  const timestamp = new Date().toISOString();
  const body = {
    apiVersion: `${group}/v1beta1`,
    kind,
    metadata: { name: 'one' },
    metricName: metric,
    timestamp,
    value,
  };
  await c.post(path, body, { unstable: true });
}

const needs = ['controllers'] as const;

export const autoscalerCases: readonly Case[] = [
  { id: 'autoscaling/horizontalpodautoscalers/a target that is not there is told', needs, run: noTarget },
  { id: 'autoscaling/horizontalpodautoscalers/the size is kept within its bounds', needs, run: bounds },
  {
    id: 'autoscaling/horizontalpodautoscalers/an external metric decides, within the policies',
    needs,
    run: externalMetrics,
  },
];

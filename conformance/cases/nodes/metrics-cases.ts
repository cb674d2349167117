import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const root = '/apis/metrics.k8s.io/v1beta1';
const quantity = /^\d+(n|u|m|k|Ki|Mi|Gi)?$/;

/** Makes the pod `a` with a label of its own, and waits until it is measured. */
async function measuredPod(c: CaseContext): Promise<string> {
  const namespace = await c.namespace();
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const containers = [{ name: 'c', image: 'registry.k8s.io/pause:3.10.2' }];
  const metadata = { name: 'a', labels: { app: c.rand } };
  await c.post(pods, { metadata, spec: { terminationGracePeriodSeconds: 0, containers } }, { unstable: true });
  await c.eventually('it is measured', async () => {
    const { status } = await c.get(`${root}/namespaces/${namespace}/pods/a`, { status: [200, 404], unstable: true });
    return status === 200;
  });
  return namespace;
}

async function ofPods(c: CaseContext): Promise<void> {
  const namespace = await measuredPod(c);
  const pods = `${root}/namespaces/${namespace}/pods`;
  const timed = { timestamp: /^\d{4}-.*Z$/, window: /^[\d.]+s$/ };
  await c.get(`${pods}/a`, {
    unstable: true,
    has: {
      kind: 'PodMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      'metadata.name': 'a',
      'metadata.namespace': namespace,
      'metadata.labels.app': c.rand,
      'containers[0].name': 'c',
      'containers[0].usage.cpu': quantity,
      'containers[0].usage.memory': quantity,
      ...timed,
    },
  });
  const one = { kind: 'PodMetricsList', 'items[0].metadata.name': 'a', 'items[1]': undefined };
  await c.get(pods, { unstable: true, has: one });
  await c.get(`${root}/pods?labelSelector=app%3D${c.rand}`, { unstable: true, has: one });
  await c.get(`${pods}?fieldSelector=metadata.name%3Da`, { unstable: true, has: one });
  await c.get(`${pods}?labelSelector=app%3Dnone`, { has: { kind: 'PodMetricsList', items: [] } });
}

async function ofNodes(c: CaseContext): Promise<void> {
  const answer = await c.get(`${root}/nodes`, { unstable: true, has: { kind: 'NodeMetricsList' } });
  const name = answer.textAt('items[0].metadata.name');
  await c.get(`${root}/nodes/${name}`, {
    unstable: true,
    has: { kind: 'NodeMetrics', 'metadata.name': name, 'usage.cpu': quantity, 'usage.memory': quantity },
  });
}

async function refusals(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  const missing = `podmetrics.metrics.k8s.io "${namespace}/none" not found`;
  await c.get(`${root}/namespaces/${namespace}/pods/none`, {
    status: 404,
    unstable: true,
    has: { reason: 'NotFound', message: missing },
  });
  const node = `nodemetrics.metrics.k8s.io "none-${c.rand}" not found`;
  await c.get(`${root}/nodes/none-${c.rand}`, { status: 404, unstable: true, has: { message: node } });
  await c.delete(`${root}/nodes/none`, { status: 405 });
}

async function table(c: CaseContext): Promise<void> {
  const namespace = await measuredPod(c);
  const Accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  const answer = await c.get(`${root}/namespaces/${namespace}/pods`, { headers: { Accept }, unstable: true });
  const columns = answer.at('columnDefinitions') as { readonly name: string }[];
  c.equal(
    columns.map(({ name }) => name.toLowerCase()),
    ['name', 'cpu', 'memory', 'window'],
    'columns',
  );
  c.equal(answer.textAt('rows[0].cells[0]'), 'a', 'a row');
}

/** Memory counts at once; cpu does only when a pod has been ready for a while. */
async function autoscaler(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  const container = { name: 'c', image: 'registry.k8s.io/pause:3.10.2' };
  const labels = { app: c.rand };
  await c.post(
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    {
      metadata: { name: 'd' },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
      },
    },
    { unstable: true },
  );
  const scalers = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
  const target = { type: 'AverageValue', averageValue: '1Gi' };
  await c.eventually('the pod is measured', async () => {
    const { body } = await c.get(`${root}/namespaces/${namespace}/pods`, { unstable: true });
    return (body as { readonly items: readonly unknown[] }).items.length > 0;
  });
  await c.post(
    scalers,
    {
      metadata: { name: 'd' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        minReplicas: 1,
        maxReplicas: 2,
        metrics: [{ type: 'Resource', resource: { name: 'memory', target } }],
      },
    },
    { unstable: true },
  );
  interface Conditions {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly reason: string }[] };
  }
  await c.eventually('it has read the metrics', async () => {
    const { status } = (await c.get(`${scalers}/d`, { unstable: true })).body as Conditions;
    const active = status?.conditions?.find(({ type }) => type === 'ScalingActive');
    return active?.reason === 'ValidMetricFound';
  });
}

const groupVersion = 'metrics.k8s.io/v1beta1';

export const metricsCases: readonly Case[] = [
  { id: 'nodes/metrics/tell what pods use', needs: ['programs'], groupVersion, run: ofPods },
  { id: 'nodes/metrics/tell what nodes use', needs: ['programs'], groupVersion, run: ofNodes },
  { id: 'nodes/metrics/are not there for what is not there', needs: ['programs'], groupVersion, run: refusals },
  { id: 'nodes/metrics/are printed as tables', needs: ['programs'], groupVersion, run: table },
  {
    id: 'nodes/metrics/are what autoscalers read',
    needs: ['programs', 'controllers'],
    groupVersion,
    run: autoscaler,
  },
];

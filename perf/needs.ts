import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { definitionOf, type Need, type Scenario } from './catalog.ts';
import type { Skipped } from './results.ts';

const patienceMs = 3000;

/** Asks again until it is true or patience ends. */
async function eventually(isTrue: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    if (await isTrue()) return true;
    await sleep(100);
  }
  return false;
}

async function hasServerSideApply(client: ApiClient): Promise<boolean> {
  const path = '/api/v1/namespaces/perf-create/configmaps/probe-apply';
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe-apply' }, data: { key: 'value' } };
  const { status } = await client.send('PATCH', `${path}?fieldManager=perf`, body, 'application/apply-patch+yaml');
  await client.send('DELETE', path);
  return status === 200 || status === 201;
}

async function hasCustomResources(client: ApiClient): Promise<boolean> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const name = 'probes.perf.example.com';
  const names = { plural: 'probes', singular: 'probe', kind: 'Probe', listKind: 'ProbeList' };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
  const { status } = await client.send('POST', path, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: { group: 'perf.example.com', scope: 'Namespaced', names, versions: [version] },
  });
  if (status !== 201) return false;
  const isServed = await eventually(async () => {
    return (await client.send('GET', '/apis/perf.example.com/v1/namespaces/perf-create/probes')).status === 200;
  });
  await client.send('DELETE', `${path}/${name}`);
  return isServed;
}

/** A Deployment that somebody observes. */
async function hasControllers(client: ApiClient): Promise<boolean> {
  const path = '/apis/apps/v1/namespaces/perf-create/deployments';
  const labels = { app: 'probe' };
  const { status } = await client.send('POST', path, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'probe' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] } },
    },
  });
  if (status !== 201) return false;
  const isObserved = await eventually(async () => {
    const { text } = await client.send('GET', `${path}/probe`);
    return ((JSON.parse(text) as { status?: { observedGeneration?: number } }).status?.observedGeneration ?? 0) > 0;
  });
  await client.send('DELETE', `${path}/probe`);
  return isObserved;
}

interface Node {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function hasNodes(client: ApiClient): Promise<boolean> {
  const { status, text } = await client.send('GET', '/api/v1/nodes');
  if (status !== 200) return false;
  const { items = [] } = JSON.parse(text) as { items?: readonly Node[] };
  return items.some((node) => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'));
}

const probes: Readonly<Record<Need, (client: ApiClient) => Promise<boolean>>> = {
  'server-side apply': hasServerSideApply,
  'custom resources': hasCustomResources,
  controllers: hasControllers,
  nodes: hasNodes,
};

/** Which of the scenarios' needs a server does not meet, found out by trying. */
export async function unmetNeeds(client: ApiClient, scenarios: readonly Scenario[]): Promise<Set<Need>> {
  const wanted = new Set(scenarios.flatMap((scenario) => definitionOf(scenario).needs ?? []));
  const unmet = new Set<Need>();
  for (const need of wanted) if (!(await probes[need](client))) unmet.add(need);
  return unmet;
}

/** A scenario is skipped when one server lacks what it needs: there would be nothing to compare. */
export function skippedScenarios(
  scenarios: readonly Scenario[],
  servers: readonly { readonly name: string; readonly unmet: ReadonlySet<Need> }[],
): Skipped[] {
  return scenarios.flatMap((scenario) => {
    const reasons = servers.flatMap(({ name, unmet }) => {
      const lacking = (definitionOf(scenario).needs ?? []).filter((need) => unmet.has(need));
      return lacking.length === 0 ? [] : [`${name} lacks ${lacking.join(', ')}`];
    });
    return reasons.length === 0 ? [] : [{ scenario, why: reasons.join('; ') }];
  });
}

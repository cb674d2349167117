import type { CaseContext } from '../../runner/context.ts';
import { nowhere, report } from './played-pods.ts';

export type Json = Readonly<Record<string, unknown>>;

export const labels = { app: 'played' } as const;

export function templateOf(c: CaseContext, image: string): Json {
  return { metadata: { labels }, spec: { ...nowhere(c), containers: [{ name: 'c', image }] } };
}

/** A Deployment `web` of image `v1`; answers its path. */
export async function deployed(c: CaseContext, spec: Json = {}): Promise<string> {
  const deployments = `/apis/apps/v1/namespaces/${await c.namespace()}/deployments`;
  await c.post(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: templateOf(c, 'v1'), ...spec },
  });
  return `${deployments}/web`;
}

export async function setImage(c: CaseContext, deployment: string, image: string): Promise<void> {
  await c.patch(deployment, { spec: { template: templateOf(c, image) } }, { unstable: true });
}

export interface PlayedSet {
  readonly name: string;
  readonly image: string;
  readonly size: number;
  readonly replicas: number;
  readonly revision: string;
}

interface SetList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: {
      readonly replicas: number;
      readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
    };
    readonly status: { readonly replicas: number };
  }[];
}

/** Sorted by image. */
export async function setsOf(c: CaseContext): Promise<PlayedSet[]> {
  const path = `/apis/apps/v1/namespaces/${await c.namespace()}/replicasets?labelSelector=app%3Dplayed`;
  const { body } = await c.get(path, { unstable: true });
  return (body as SetList).items
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      image: spec.template.spec.containers[0]?.image ?? '',
      size: spec.replicas,
      replicas: status.replicas,
      revision: metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '',
    }))
    .sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** Waits until the ReplicaSets of each image have these sizes, and as many pods. */
export async function awaitSizes(c: CaseContext, sizes: Readonly<Record<string, number>>): Promise<PlayedSet[]> {
  const expected = Object.entries(sizes).map(([image, size]) => `${image} ${size} ${size}`);
  let found: PlayedSet[] = [];
  await c.eventually(`ReplicaSets ${JSON.stringify(sizes)}`, async () => {
    found = await setsOf(c);
    return found.map(({ image, size, replicas }) => `${image} ${size} ${replicas}`).join() === expected.sort().join();
  });
  return found;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly spec: { readonly containers: readonly { readonly image: string }[] };
    readonly status: { readonly phase: string };
  }[];
}

/** Names of the pods of an image that are not being deleted. */
export async function podsOfImage(c: CaseContext, image: string, phase?: string): Promise<string[]> {
  const { body } = await c.get(`/api/v1/namespaces/${await c.namespace()}/pods?labelSelector=app%3Dplayed`, {
    unstable: true,
  });
  return (body as PodList).items
    .filter(({ metadata, spec, status }) => {
      const isIt = spec.containers[0]?.image === image && metadata.deletionTimestamp === undefined;
      return isIt && (phase === undefined || status.phase === phase);
    })
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** Says of all pods of an image that they run, once there are as many. */
export async function runImage(c: CaseContext, image: string, count: number): Promise<void> {
  await c.eventually(`${count} pods of ${image}`, async () => (await podsOfImage(c, image)).length === count);
  for (const pod of await podsOfImage(c, image, 'Pending')) await report(c, pod, 'Running');
}

/** Plays nodes for an image until the Deployment is complete. */
export async function complete(c: CaseContext, deployment: string, image: string, size: number): Promise<void> {
  await c.eventually(`${image} is rolled out`, async () => {
    for (const pod of await podsOfImage(c, image, 'Pending')) await report(c, pod, 'Running');
    const answer = await c.get(deployment, { unstable: true });
    const counts = ['replicas', 'updatedReplicas', 'availableReplicas'].map((field) => answer.at(`status.${field}`));
    const hasSeen = answer.at('status.observedGeneration') === answer.at('metadata.generation');
    return hasSeen && counts.every((count) => count === size);
  });
}

import { CaseFailure } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

/** Where no scheduler puts a pod: the case itself says what becomes of it, whatever nodes the cluster has. */
export function nowhere(c: CaseContext): { readonly nodeSelector: Readonly<Record<string, string>> } {
  return { nodeSelector: { 'conformance.example.com/nowhere': c.rand } };
}

export interface PlayedPod {
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
  readonly nodeName: string;
  readonly isLeaving: boolean;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string;
      readonly uid: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly deletionTimestamp?: string;
    };
    readonly spec: {
      readonly affinity?: {
        readonly nodeAffinity?: {
          readonly requiredDuringSchedulingIgnoredDuringExecution?: {
            readonly nodeSelectorTerms: readonly { readonly matchFields?: readonly { readonly values: string[] }[] }[];
          };
        };
      };
    };
  }[];
}

function targetOf({ spec }: PodList['items'][number]): string {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values[0] ?? '';
}

/** Sorted by name. */
export async function podsOf(c: CaseContext, selector = 'app=played'): Promise<PlayedPod[]> {
  const path = `/api/v1/namespaces/${await c.namespace()}/pods?labelSelector=${encodeURIComponent(selector)}`;
  const { body } = await c.get(path, { unstable: true });
  return (body as PodList).items
    .map((item) => ({
      name: item.metadata.name,
      uid: item.metadata.uid,
      revision: item.metadata.labels?.['controller-revision-hash'] ?? '',
      nodeName: targetOf(item),
      isLeaving: item.metadata.deletionTimestamp !== undefined,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Waits until there are exactly these pods, by what `wordOf` says of each. */
export async function awaitPods(
  c: CaseContext,
  expected: readonly string[],
  wordOf: (pod: PlayedPod) => string = ({ name }) => name,
): Promise<PlayedPod[]> {
  let found: PlayedPod[] = [];
  await c.eventually(`pods ${expected.join(', ')}`, async () => {
    found = await podsOf(c);
    return found.map(wordOf).sort().join() === expected.toSorted().join();
  });
  return found;
}

/** What a kubelet would report, of a pod that may have gone meanwhile. */
export async function report(c: CaseContext, pod: string, phase: 'Running' | 'Failed', since?: string): Promise<void> {
  const conditions =
    phase === 'Running'
      ? [{ type: 'Ready', status: 'True', lastTransitionTime: since ?? new Date().toISOString().replace(/\.\d+/, '') }]
      : [];
  const path = `/api/v1/namespaces/${await c.namespace()}/pods/${pod}/status`;
  await c.patch(path, { status: { phase, conditions } }, { unstable: true, status: [200, 404] });
}

/** Stays with them so that controllers have time to do what they should not. */
export async function staysSo(c: CaseContext, expected: readonly string[]): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const names = (await podsOf(c)).map(({ name }) => name);
    c.equal(names, expected, 'pods stay as they are');
  }
}

/** Waits for fields of an object. */
export async function awaitFields(
  c: CaseContext,
  path: string,
  expected: Readonly<Record<string, unknown>>,
): Promise<void> {
  await c.eventually(`${path} ${JSON.stringify(expected)}`, async () => {
    try {
      await c.get(path, { has: expected, unstable: true });
      return true;
    } catch (error) {
      if (error instanceof CaseFailure) return false;
      throw error;
    }
  });
}

/** Waits for an event of an object. */
export async function awaitEvent(c: CaseContext, about: string, reason: string, message: string): Promise<void> {
  const selector = encodeURIComponent(`involvedObject.name=${about},reason=${reason}`);
  const path = `/api/v1/namespaces/${await c.namespace()}/events?fieldSelector=${selector}`;
  await c.eventually(`event ${reason}: ${message}`, async () => {
    const { body } = await c.get(path, { unstable: true });
    return (body as { items: { message: string }[] }).items.some((event) => event.message === message);
  });
}

/** Forbids pods, until what it returns is called. */
export async function forbidPods(c: CaseContext): Promise<() => Promise<void>> {
  const quotas = `/api/v1/namespaces/${await c.namespace()}/resourcequotas`;
  const hard = { pods: '0' };
  await c.post(quotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none' }, spec: { hard } });
  await c.patch(`${quotas}/none/status`, { status: { hard, used: { pods: '0' } } }, { unstable: true });
  return async () => {
    await c.delete(`${quotas}/none`, { unstable: true });
  };
}

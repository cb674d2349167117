import type { ApiClient } from '../../../api/client.ts';
import { type Api, apiVersionOf, type GroupVersionResource } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { DiscoveredResource } from '../../client/discovery.ts';
import { messageOf } from '../../framework/thrown.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;

export const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };

/** What is left of one resource in a namespace. */
export interface Leftover {
  readonly count: number;
  readonly finalizers: ReadonlyMap<string, number>;
  /** Seconds until it may be gone; 0 says nothing. */
  readonly estimateSeconds: number;
  /** Why it could not be deleted, or a surprise. */
  readonly failure?: string;
}

const nothing: Leftover = { count: 0, finalizers: new Map(), estimateSeconds: 0 };
const sliceSize = 100;
/** What finalizers are given before anybody looks again. */
const finalizerSeconds = 15;

/** The path of a resource in a namespace. */
function collectionPath(resource: GroupVersionResource, namespace: string): string {
  const root = resource.group === '' ? '/api' : '/apis';
  return `${root}/${apiVersionOf(resource)}/namespaces/${namespace}/${resource.resource}`;
}

function isUnsupported(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === 'MethodNotAllowed' || error.reason === 'NotFound');
}

/** Undefined: the server does not do that. */
async function ifSupported<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isUnsupported(error)) return undefined;
    throw error;
  }
}

/** The longest time that a pod is given to end. */
function graceOf(items: readonly Readonly<Pod>[]): number {
  return Math.max(
    0,
    ...items
      .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
      .map(({ spec }) => spec?.terminationGracePeriodSeconds ?? 0),
  );
}

export interface Emptying {
  readonly client: ApiClient;
  readonly namespace: string;
  /** How long the namespace is being deleted already. */
  readonly elapsedMs: number;
  /** Lets others run. */
  pause(): Promise<void>;
}

/** Deletes all objects of a resource in a namespace, and says what stays. */
export async function emptyResource(emptying: Emptying, resource: DiscoveredResource): Promise<Leftover> {
  const { client, namespace, elapsedMs } = emptying;
  const isPods = resource.resource === pods.resource && resource.group === '';
  const list = async (limit?: number) =>
    resource.verbs.includes('list')
      ? await ifSupported(
          client.list(resource, { namespace, metadataOnly: !isPods, ...(limit === undefined ? {} : { limit }) }),
        )
      : undefined;
  let estimateSeconds = 0;
  try {
    const before = await list(isPods ? undefined : 1);
    if (before?.items.length === 0) return nothing;
    const grace = isPods ? graceOf(before?.items ?? []) : 0;
    if (elapsedMs < grace * 1000) estimateSeconds = grace;
    await deleteAll(emptying, resource, 1 + (before?.metadata.remainingItemCount ?? 0));
    const after = await list();
    if (after === undefined) return { ...nothing, estimateSeconds };
    if (after.items.length === 0) return nothing;
    const finalizers = new Map<string, number>();
    for (const finalizer of after.items.flatMap(({ metadata }) => metadata?.finalizers ?? []))
      finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    const count = after.items.length;
    if (estimateSeconds > 0) return { count, finalizers, estimateSeconds };
    if (finalizers.size > 0) return { count, finalizers, estimateSeconds: finalizerSeconds };
    const { group, version } = resource;
    const gvr = `${group}/${version}, Resource=${resource.resource}`;
    return {
      ...{ count, finalizers, estimateSeconds },
      failure: `unexpected items still remain in namespace: ${namespace} for gvr: ${gvr}`,
    };
  } catch (error) {
    return { ...nothing, estimateSeconds, failure: messageOf(error) };
  }
}

/** Many objects go slice by slice: nobody else waits for all of them. What finalizers hold is asked for once more, with all that is left. */
async function deleteAll(
  { client, namespace, pause }: Emptying,
  resource: DiscoveredResource,
  count: number,
): Promise<void> {
  const propagationPolicy = 'Background' as const;
  if (resource.verbs.includes('deletecollection')) {
    const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy };
    const path = collectionPath(resource, namespace);
    for (let left = count; left > sliceSize; left -= sliceSize) {
      await ifSupported(client.request('DELETE', `${path}?limit=${sliceSize}`, options));
      await pause();
    }
    const answer = await ifSupported(client.request('DELETE', path, options));
    if (answer !== undefined) return;
  }
  const list = await ifSupported(client.list(resource, { namespace, metadataOnly: true }));
  for (const { metadata } of list?.items ?? [])
    await ifSupported(
      client.delete(resource, namespace, metadata?.name ?? '', { propagationPolicy }).then(() => 'deleted'),
    );
}

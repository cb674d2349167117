import type { ApiClient } from '../../../api/client.ts';
import type { Api, GroupVersionResource, KubeObject, OwnerReference } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import type { Informers } from '../../client/informers.ts';
import { isNotFound } from '../../framework/status-cause.ts';
import { controllerOf } from '../ownership.ts';

type Scale = Api<'io.k8s.api.autoscaling.v1.Scale'>;
type ResourceList = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList'>;

export interface OwnerScale {
  readonly uid: string;
  readonly replicas: number;
}

/** The scale of a pod's controller, or of the controller's controller; undefined where it is gone. */
export type ScaleFinder = (namespace: string, owner: Readonly<OwnerReference>) => Promise<OwnerScale | undefined>;

type Scaled = KubeObject & { readonly spec?: { readonly replicas?: number } };

const apps = { group: 'apps', version: 'v1' } as const;
const known = {
  ReplicationController: { group: '', version: 'v1', resource: 'replicationcontrollers' },
  ReplicaSet: { ...apps, resource: 'replicasets' },
  Deployment: { ...apps, resource: 'deployments' },
  StatefulSet: { ...apps, resource: 'statefulsets' },
} as const satisfies Readonly<Record<string, GroupVersionResource>>;

function groupOf(apiVersion = ''): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

export interface ScaleSources {
  readonly find: ScaleFinder;
  readonly informers: readonly Informer<Scaled>[];
}

/** Known kinds are looked up in informers, all others by their scale subresource. */
export function scaleSources(client: ApiClient, informers: Informers): ScaleSources {
  const byKind = new Map<string, { readonly group: string; readonly informer: Informer<Scaled> }>();
  for (const [kind, resource] of Object.entries(known))
    byKind.set(kind, { group: resource.group, informer: informers.of<Scaled>(resource) });
  const local = (namespace: string, owner: Readonly<OwnerReference>): Readonly<Scaled> | undefined => {
    const source = byKind.get(owner.kind ?? '');
    const group = groupOf(owner.apiVersion);
    if (source === undefined || (source.group !== group && !(source.group === 'apps' && group === 'extensions')))
      return undefined;
    const object = source.informer.get(`${namespace}/${owner.name}`);
    return object?.metadata?.uid === owner.uid ? object : undefined;
  };
  const find: ScaleFinder = async (namespace, owner) => {
    // Deployments have no pods of their own.
    const own = owner.kind === 'Deployment' ? undefined : local(namespace, owner);
    if (own === undefined) return remoteScale(client, namespace, owner);
    const parent = owner.kind === 'ReplicaSet' ? controllerOf(own) : undefined;
    if (parent?.kind !== 'Deployment') return scaleOf(own);
    const deployment = local(namespace, parent);
    return deployment === undefined ? remoteScale(client, namespace, owner) : scaleOf(deployment);
  };
  return { find, informers: [...byKind.values()].map(({ informer }) => informer) };
}

function scaleOf({ metadata, spec }: Readonly<Scaled>): OwnerScale {
  return { uid: metadata?.uid ?? '', replicas: spec?.replicas ?? 1 };
}

async function remoteScale(
  client: ApiClient,
  namespace: string,
  { apiVersion = '', kind = '', name, uid }: Readonly<OwnerReference>,
): Promise<OwnerScale | undefined> {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { resources } = await discovered(client, base, apiVersion, kind);
  const resource = resources.find((candidate) => candidate.kind === kind && !candidate.name?.includes('/'))?.name;
  if (resource === undefined) throw noMatch(apiVersion, kind);
  try {
    const scale = await client.request<Scale>('GET', `${base}/namespaces/${namespace}/${resource}/${name}/scale`);
    return scale.metadata?.uid === uid ? { uid: uid ?? '', replicas: scale.spec?.replicas ?? 0 } : undefined;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const isScaled = resources.some((one) => one.name === `${resource}/scale` && one.kind === 'Scale');
    if (isScaled) return undefined;
    const group = groupOf(apiVersion);
    const fullName = group === '' ? resource : `${resource}.${group}`;
    throw new Error(`${fullName} does not implement the scale subresource`, { cause: error });
  }
}

async function discovered(
  client: ApiClient,
  base: string,
  apiVersion: string,
  kind: string,
): Promise<{ readonly resources: NonNullable<ResourceList['resources']> }> {
  try {
    const { resources = [] } = await client.request<ResourceList>('GET', base);
    return { resources };
  } catch (error) {
    if (isNotFound(error)) throw noMatch(apiVersion, kind, error);
    throw error;
  }
}

function noMatch(apiVersion: string, kind: string, cause?: unknown): Error {
  return new Error(`no matches for kind "${kind}" in version "${apiVersion}"`, { cause });
}

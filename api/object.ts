import type { components } from './generated/types.gen.ts';

type Schemas = components['schemas'];
/** A generated API type by its OpenAPI name, e.g. `Api<'io.k8s.api.core.v1.Pod'>`. Every field is optional: decoding checks types, validation checks presence. */
export type Api<Name extends keyof Schemas> = Schemas[Name];
export type ObjectMeta = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'>;
export type OwnerReference = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference'>;
export type LabelSelector = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector'>;

/** In the order of Go's struct, in which metadata that is refused is printed, or its fields are named. */
export const objectMetaFields = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const satisfies readonly (keyof ObjectMeta)[];

/** What every stored object has. Typed kinds (`Api<'io.k8s.api.core.v1.Pod'>`) are assignable to it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** `v1` for the core group, else `group/version`. */
export function apiVersionOf(gv: { readonly group: string; readonly version: string }): string {
  return gv.group === '' ? gv.version : `${gv.group}/${gv.version}`;
}

/** `deployments.apps`, or `pods` for the core group: how upstream names a resource in messages and details. */
export function groupResourceName(gr: { readonly group: string; readonly resource: string }): string {
  return gr.group === '' ? gr.resource : `${gr.resource}.${gr.group}`;
}

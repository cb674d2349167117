import type { CatalogResource } from '../../api/catalog.ts';
import { stringifyLarge } from '../../api/json-large.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import type { ResourceCache } from '../watch/resource-cache.ts';
import type { Conversion } from './conversion.ts';
import type { CustomKind } from './custom-kind.ts';
import type { StoredForm } from './stored-form.ts';
import type { AnyStrategy } from './strategy.ts';

/** One kind of stored object, whatever versions it is served in. */
export interface StoredResource {
  readonly group: string;
  readonly resource: string;
  /** The version whose JSON is stored. */
  readonly version: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** `/core/pods/`. */
  readonly prefix: string;
  readonly strategy: AnyStrategy;
  readonly cache: ResourceCache;
  /** `{"kind":"Pod","apiVersion":"v1",`: how every stored value begins; items of lists lose it. */
  readonly head: Head;
  /** Writes the nulls that upstream prints for absent fields. */
  fillNulls(object: KubeObject): void;
  /** Upstream answers DELETE with the object instead of a Status. */
  readonly returnsDeletedObject: boolean;
  /** Custom resources: how objects of this version stand in the store, where others may be too. */
  readonly form?: StoredForm;
}

/** One resource of one group-version, as clients address it. */
export interface ServedResource {
  readonly definition: CatalogResource;
  readonly stored: StoredResource;
  /** Undefined: this version differs from the stored one in nothing but apiVersion. */
  readonly conversion: Conversion | undefined;
  /** The OpenAPI name of its kind. */
  readonly typeName: string;
  readonly head: Head;
  fillNulls(object: KubeObject): void;
  /** Present for custom resources: what the generated schema and tables do for built-in kinds. */
  readonly custom?: CustomKind;
}

export interface Head {
  readonly text: string;
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();

export function headOf(gvk: { readonly group: string; readonly version: string; readonly kind: string }): Head {
  const text = `{"kind":${JSON.stringify(gvk.kind)},"apiVersion":${JSON.stringify(apiVersionOf(gvk))},`;
  return { text, bytes: encoder.encode(text) };
}

export function groupResourceOf(stored: StoredResource): { group: string; resource: string } {
  return { group: stored.group, resource: stored.resource };
}

export function keyOf(stored: StoredResource, namespace: string, name: string): string {
  return stored.namespaced ? `${stored.prefix}${namespace}/${name}` : stored.prefix + name;
}

/** kind and apiVersion first, then metadata, so that every encoded object begins with its head. The argument's parts are reused. */
export function withHead(
  object: KubeObject,
  gvk: { readonly group: string; readonly version: string; readonly kind: string },
): KubeObject {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  return { kind: gvk.kind, apiVersion: apiVersionOf(gvk), metadata: metadata ?? {}, ...rest };
}

/** The UTF-8 JSON of an object made by `withHead`, with the nulls that upstream prints; they stay in the object. */
export function encodeObject(resource: Pick<StoredResource, 'fillNulls'>, object: KubeObject): Uint8Array {
  resource.fillNulls(object);
  const text = stringifyLarge(object);
  // Of its own, not of Node's pool: what is kept for long would keep its neighbours too.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

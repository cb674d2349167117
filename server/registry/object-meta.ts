import { toTime } from '../../api/clock.ts';
import type { KubeObject, ObjectMeta } from '../../api/object.ts';
import { badRequest } from '../../api/status.ts';
import type { RegistryDeps, WriteRequest } from './context.ts';
import type { StoredResource } from './resource.ts';

export function metaOf(object: KubeObject): ObjectMeta {
  object.metadata ??= {};
  return object.metadata;
}

/** The namespace of the URL and that of the object must agree; an absent one is filled in, a cluster-scoped object has none. */
export function ensureNamespace(stored: StoredResource, meta: ObjectMeta, namespace: string): void {
  const given = meta.namespace ?? '';
  const wanted = stored.namespaced ? namespace : '';
  if (given === wanted) return;
  if (given === '') meta.namespace = wanted;
  else if (wanted === '') meta.namespace = undefined;
  else throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** What clients may not set on create. */
export function wipeSystemFields(meta: ObjectMeta): void {
  meta.deletionTimestamp = undefined;
  meta.deletionGracePeriodSeconds = undefined;
  meta.selfLink = undefined;
}

export function fillSystemFields(deps: RegistryDeps, meta: ObjectMeta): void {
  meta.creationTimestamp = toTime(deps.clock.now());
  meta.uid = deps.random.uuid();
}

// Upstream's alphabet: no vowels and no look-alikes, so that no words appear.
const alphanums = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxNameLength = 63;

/** `web-` becomes `web-x7k2p`; the prefix is cut so that the name stays a label. */
export function generateName(deps: RegistryDeps, base: string): string {
  let suffix = '';
  for (let i = 0; i < suffixLength; i++) suffix += alphanums[Math.floor(deps.random.next() * alphanums.length)];
  return base.slice(0, maxNameLength - suffixLength) + suffix;
}

/** Upstream keeps the first of equal owner references and warns. */
export function dedupeOwnerReferences(meta: ObjectMeta, request: WriteRequest, afterAdmission: boolean): void {
  const owners = meta.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  const kept = [...new Map(owners.map((owner) => [JSON.stringify(owner), owner])).values()];
  if (kept.length === owners.length) return;
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { uid = '' } of owners) (seen.has(uid) ? repeated : seen).add(uid);
  request.warn(
    `.metadata.ownerReferences contains duplicate entries${afterAdmission ? ' after mutating admission happens' : ''}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...repeated].join(', ')}`,
  );
  meta.ownerReferences = kept;
}

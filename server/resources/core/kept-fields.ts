import type { KubeObject, ObjectMeta } from '../../../api/object.ts';

const kept = [
  'deletionTimestamp',
  'generation',
  'selfLink',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
] as const satisfies readonly (keyof ObjectMeta)[];

/** For subresources that change a part of the object alone: puts back, in place, what an update brought along in metadata. */
export function keepMetadata(object: KubeObject, old: Readonly<KubeObject>): void {
  object.metadata ??= {};
  const metadata: Record<string, unknown> = object.metadata;
  for (const field of kept) {
    const value = old.metadata?.[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
}

/** For writes of another part: the spec stays as it was. */
export function keepSpec(object: { spec?: object }, old: { readonly spec?: object }): void {
  if (old.spec === undefined) delete object.spec;
  else object.spec = structuredClone(old.spec);
}

/** For writes of another part: the status stays as it was. */
export function keepStatus(object: { status?: object }, old: { readonly status?: object }): void {
  if (old.status === undefined) delete object.status;
  else object.status = structuredClone(old.status);
}

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

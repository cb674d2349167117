import type { KubeObject } from '../../../api/object.ts';

function createdAt({ metadata }: Readonly<KubeObject>): number {
  return Date.parse(metadata?.creationTimestamp ?? '') || 0;
}

/** The newest of the classes that an annotation marks as the default one; of equally old ones the first by name. */
export function newestDefault<T extends KubeObject>(
  classes: readonly Readonly<T>[],
  annotations: readonly string[],
): Readonly<T> | undefined {
  const isDefault = ({ metadata }: Readonly<T>): boolean =>
    annotations.some((annotation) => metadata?.annotations?.[annotation] === 'true');
  let newest: Readonly<T> | undefined;
  for (const candidate of classes) {
    // Classes come in the order of their names.
    if (isDefault(candidate) && (newest === undefined || createdAt(candidate) > createdAt(newest))) newest = candidate;
  }
  return newest;
}

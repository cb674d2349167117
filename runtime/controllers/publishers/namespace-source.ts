import type { GroupVersionResource, KubeObject } from '../../../api/object.ts';
import type { WatchEvent } from '../../../api/watch.ts';

/** What is watched, and the names of the namespaces to look at again after each event. */
export interface NamespaceSource {
  readonly resource: GroupVersionResource;
  namespacesOf(event: WatchEvent): readonly string[];
}

export const namespaces: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };

function isGone({ type }: WatchEvent): boolean {
  return type === 'DELETED' || type === 'BOOKMARK' || type === 'ERROR';
}

/** Namespaces that appear or change. */
export const namespaceSource: NamespaceSource = {
  resource: namespaces,
  namespacesOf: (event) => (isGone(event) ? [] : [event.object.metadata?.name ?? '']),
};

/** Objects of a namespace that `concerns` it. */
export function objectSource(
  resource: GroupVersionResource,
  concerns: (object: Readonly<KubeObject>, type: WatchEvent['type']) => boolean,
): NamespaceSource {
  return {
    resource,
    namespacesOf: ({ object, type }) => (concerns(object, type) ? [object.metadata?.namespace ?? ''] : []),
  };
}

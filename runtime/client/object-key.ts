import type { KubeObject } from '../../api/object.ts';

/** `namespace/name`, or `name` for what has no namespace: how informers and queues name an object. */
export function keyOf({ metadata }: Readonly<KubeObject>): string {
  const { namespace = '', name = '' } = metadata ?? {};
  return namespace === '' ? name : `${namespace}/${name}`;
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

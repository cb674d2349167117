import { apiVersionOf, type GroupVersionResource } from '../../api/object.ts';

/** `/api/v1/namespaces/NS/pods/NAME/status`; without a name the collection. */
export function pathOf(resource: GroupVersionResource, namespace: string, name = '', subresource = ''): string {
  const parts = [resource.group === '' ? '/api' : '/apis', apiVersionOf(resource)];
  if (namespace !== '') parts.push('namespaces', encodeURIComponent(namespace));
  parts.push(resource.resource);
  if (name !== '') parts.push(encodeURIComponent(name));
  if (subresource !== '') parts.push(subresource);
  return parts.join('/');
}

/** `?a=b&c=d` of what is there, else ''. */
export function queryOf(options: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

import type { ApiClient } from '../api/client.ts';
import type { GroupVersionResource } from '../api/object.ts';
import { createHttpClient } from '../runtime/transport/http-client.ts';
import type { LocalConnection } from '../server/local-request.ts';

/** All that the cluster serves: what the process holds itself without a wire, what aggregated servers hold by path. */
export function createClusterClient(
  local: ApiClient,
  connection: LocalConnection,
  isLocal: (resource: GroupVersionResource) => boolean,
): ApiClient {
  const byPath = createHttpClient(connection, () => undefined);
  const clientOf = (resource: GroupVersionResource): ApiClient => (isLocal(resource) ? local : byPath);
  return {
    get: (resource, namespace, name) => clientOf(resource).get(resource, namespace, name),
    list: (resource, options) => clientOf(resource).list(resource, options),
    watch: (resource, options, signal) => clientOf(resource).watch(resource, options, signal),
    create: (resource, namespace, object, options) => clientOf(resource).create(resource, namespace, object, options),
    update: (resource, namespace, object, options) => clientOf(resource).update(resource, namespace, object, options),
    patch: (target, patch, options) => clientOf(target.resource).patch(target, patch, options),
    delete: (resource, namespace, name, options) => clientOf(resource).delete(resource, namespace, name, options),
    request: local.request,
  };
}

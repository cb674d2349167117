import type { ApiClient } from '../../../api/client.ts';
import type { GroupVersionResource, KubeObject } from '../../../api/object.ts';
import { isConflict, isNotFound } from '../../framework/status-cause.ts';

/**
 * Writes the status that `change` gives to an object, where it gives one, and once more to the newest state when somebody wrote in between:
 * what was counted stays right, whoever that was.
 */
export async function storeStatus<T extends KubeObject>(
  client: ApiClient,
  resource: GroupVersionResource,
  object: Readonly<T>,
  change: (current: Readonly<T>) => Readonly<T> | undefined,
): Promise<void> {
  const { namespace = '', name = '', uid } = object.metadata ?? {};
  const write = async (current: Readonly<T>): Promise<void> => {
    const changed = change(current);
    if (changed !== undefined) await client.update(resource, namespace, changed, { subresource: 'status' });
  };
  try {
    await write(object);
  } catch (error) {
    // It has gone: the informer will tell.
    if (isNotFound(error)) return;
    if (!isConflict(error)) throw error;
    const fresh = await client.get<T>(resource, namespace, name);
    if (fresh.metadata?.uid !== uid) throw error;
    await write(fresh);
  }
}

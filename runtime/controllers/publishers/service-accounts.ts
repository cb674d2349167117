import type { ApiClient } from '../../../api/client.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import { isNamespaceTerminating, unlessMissing } from '../../framework/status-cause.ts';
import { namespaces, startForNamespaces } from './each-namespace.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type ServiceAccount = Api<'io.k8s.api.core.v1.ServiceAccount'>;

const serviceAccounts: GroupVersionResource = { group: '', version: 'v1', resource: 'serviceaccounts' };
const defaultAccounts = ['default'];

/** Every active namespace has the ServiceAccounts that pods expect: `default`. Idempotent. */
export async function ensureServiceAccounts(
  client: ApiClient,
  namespace: string,
  names: readonly string[] = defaultAccounts,
): Promise<void> {
  const found = await unlessMissing(client.get<Namespace>(namespaces, '', namespace));
  if (found?.status?.phase !== 'Active') return;
  for (const name of names) {
    if ((await unlessMissing(client.get<ServiceAccount>(serviceAccounts, namespace, name))) !== undefined) continue;
    try {
      await client.create<ServiceAccount>(serviceAccounts, namespace, { metadata: { name, namespace } });
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  }
}

export const serviceAccountController: ControllerDefinition = {
  name: 'serviceaccount-controller',
  start: (context, signal) =>
    startForNamespaces(
      {
        name: 'serviceaccount-controller',
        informer: context.informers.of<ServiceAccount>(serviceAccounts),
        concerns: ({ metadata }) => defaultAccounts.includes(metadata?.name ?? ''),
        ensure: (namespace) => ensureServiceAccounts(context.client, namespace),
      },
      context,
      signal,
    ),
};

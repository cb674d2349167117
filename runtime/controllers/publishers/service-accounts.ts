import type { ApiClient } from '../../../api/client.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { type NamespaceSource, namespaceSource, namespaces, objectSource } from './namespace-source.ts';
import { isNamespaceTerminating, unlessMissing } from './status-cause.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type ServiceAccount = Api<'io.k8s.api.core.v1.ServiceAccount'>;

export const serviceAccountControllerName = 'serviceaccount-controller';
const serviceAccounts: GroupVersionResource = { group: '', version: 'v1', resource: 'serviceaccounts' };
const defaultAccounts = ['default'];

export const serviceAccountSources: readonly NamespaceSource[] = [
  namespaceSource,
  objectSource(serviceAccounts, ({ metadata }, type) => {
    return type === 'DELETED' && defaultAccounts.includes(metadata?.name ?? '');
  }),
];

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

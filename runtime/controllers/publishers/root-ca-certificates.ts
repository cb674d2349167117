import type { ApiClient } from '../../../api/client.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { type NamespaceSource, namespaceSource, namespaces, objectSource } from './namespace-source.ts';
import { isNamespaceTerminating, unlessMissing } from './status-cause.ts';

type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;
type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;

export const rootCACertificatePublisherName = 'root-ca-certificate-publisher-controller';
const configMaps: GroupVersionResource = { group: '', version: 'v1', resource: 'configmaps' };
const configMapName = 'kube-root-ca.crt';
const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export const rootCACertificateSources: readonly NamespaceSource[] = [
  namespaceSource,
  objectSource(configMaps, ({ metadata }, type) => {
    return (type === 'MODIFIED' || type === 'DELETED') && metadata?.name === configMapName;
  }),
];

/** Every active namespace has a ConfigMap with the bundle that verifies the API server. Idempotent. */
export async function publishRootCACertificate(client: ApiClient, namespace: string, caBundle: string): Promise<void> {
  const data = { 'ca.crt': caBundle };
  const found = await unlessMissing(client.get<Namespace>(namespaces, '', namespace));
  if (found?.status?.phase !== 'Active') return;
  const existing = await unlessMissing(client.get<ConfigMap>(configMaps, namespace, configMapName));
  if (existing === undefined) {
    const metadata = { name: configMapName, namespace, annotations: { [descriptionAnnotation]: description } };
    try {
      await client.create<ConfigMap>(configMaps, namespace, { metadata, data });
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
    return;
  }
  const { annotations = {} } = existing.metadata ?? {};
  if (annotations[descriptionAnnotation] && semanticEqual(existing.data, data)) return;
  const metadata = { ...existing.metadata, annotations: { ...annotations, [descriptionAnnotation]: description } };
  await client.update<ConfigMap>(configMaps, namespace, { ...existing, metadata, data });
}

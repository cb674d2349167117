import type { ApiClient } from '../../../api/client.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import { isNamespaceTerminating, unlessMissing } from '../../framework/status-cause.ts';
import { namespaces, startForNamespaces } from './each-namespace.ts';

type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;
type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;

const configMaps: GroupVersionResource = { group: '', version: 'v1', resource: 'configmaps' };
const configMapName = 'kube-root-ca.crt';
const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

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

export const rootCACertificatePublisher: ControllerDefinition = {
  name: 'root-ca-certificate-publisher-controller',
  start: (context, signal) => {
    const { client, informers, options } = context;
    const published = informers.of<ConfigMap>(configMaps, { fieldSelector: `metadata.name=${configMapName}` });
    return startForNamespaces(
      {
        name: 'root-ca-certificate-publisher-controller',
        informer: published,
        concerns: () => true,
        ensure: (namespace) => publishRootCACertificate(client, namespace, options.rootCA),
      },
      context,
      signal,
    );
  },
};

import type { ApiClient } from '../../../api/client.ts';
import type { Api } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { messageOf, VolumeError } from './volume-error.ts';

type ClusterTrustBundle = Api<'io.k8s.api.certificates.v1beta1.ClusterTrustBundle'>;
type Projection = Api<'io.k8s.api.core.v1.ClusterTrustBundleProjection'>;

const resource = { group: 'certificates.k8s.io', version: 'v1beta1', resource: 'clustertrustbundles' } as const;
const certificate = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The certificates of the bundles that a volume names, each once. Throws VolumeError. */
export async function trustAnchors(client: ApiClient, projection: Projection): Promise<string> {
  const { name, signerName, labelSelector, optional = false } = projection;
  if (name === undefined && signerName === undefined)
    throw new VolumeError('ClusterTrustBundle projection requires either name or signerName to be set');
  const fieldSelector = name === undefined ? `spec.signerName=${signerName}` : `metadata.name=${name}`;
  const list = await client.list<ClusterTrustBundle>(resource, { fieldSelector }).catch((error: unknown) => {
    throw new VolumeError(messageOf(error));
  });
  const matcher = labelSelectorMatcher(labelSelector);
  const found = list.items.filter(({ metadata }) => name !== undefined || matcher.matches(metadata?.labels));
  if (found.length === 0 && !optional)
    throw new VolumeError(
      name === undefined
        ? `combination of signerName and labelSelector matched zero ClusterTrustBundles`
        : `clustertrustbundle.certificates.k8s.io "${name}" not found`,
    );
  const blocks = found.flatMap(({ spec }) =>
    [...(spec?.trustBundle ?? '').matchAll(certificate)].map(([block]) => block),
  );
  return [...new Set(blocks)].map((block) => `${block}\n`).join('');
}

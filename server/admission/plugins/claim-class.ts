import type { Api } from '../../../api/object.ts';

type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;

/** The class that a claim asks for; '' asks for none, undefined leaves it to the default. The old annotation counts first. */
export function claimClass({ metadata, spec }: Readonly<Claim>): string | undefined {
  return metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName;
}

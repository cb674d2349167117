import type { KubeObject } from '../../../api/object.ts';

const staticSuffix = '.static.k8s.io';

/** Names that files on the control plane may take from the API some day. */
export function staticSuffixWarnings(object: Readonly<KubeObject>): string[] {
  if (!object.metadata?.name?.endsWith(staticSuffix)) return [];
  const reserved = `names ending with "${staticSuffix}" are reserved for static manifest-based configurations`;
  return [`metadata.name: ${reserved} and cannot be managed via the API`];
}

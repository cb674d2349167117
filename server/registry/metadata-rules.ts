import { nameIsDNSSubdomain } from '../../api/names.ts';
import { groupResourceName } from '../../api/object.ts';
import type { ObjectMetaRules } from '../../api/validation/object-meta.ts';
import type { StoredResource } from './resource.ts';

/** Kinds whose own update check looks at all metadata once more: mistakes there stand twice among the causes. */
const validatedAgainOnUpdate = new Set([
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'clustertrustbundles.certificates.k8s.io',
  'storageversionmigrations.storagemigration.k8s.io',
]);

/** Groups of API machinery, which do not insist on the standard finalizers. */
const anyFinalizerGroups = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io', 'admissionregistration.k8s.io']);

export function metadataRules(stored: StoredResource): ObjectMetaRules {
  return {
    namespaced: stored.namespaced,
    validateName: stored.strategy.validateName ?? nameIsDNSSubdomain,
    ...(validatedAgainOnUpdate.has(groupResourceName(stored)) ? { validatedAgainOnUpdate: true } : {}),
    ...(anyFinalizerGroups.has(stored.group) || stored.form !== undefined ? { anyFinalizer: true } : {}),
  };
}

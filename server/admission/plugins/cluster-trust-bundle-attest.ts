import { semanticEqual } from '../../../api/equal.ts';
import { goQuote } from '../../../api/go-text.ts';
import type { Api, KubeObject } from '../../../api/object.ts';
import { maySignFor, type PermissionAuthorizer } from '../authorizer.ts';
import { type AdmissionPlugin, forbiddenByAdmission } from '../plugin.ts';

type TrustBundle = Api<'io.k8s.api.certificates.v1beta1.ClusterTrustBundle'>;

/** A bundle of a signer comes from who may attest for the signer. */
export function createClusterTrustBundleAttest(authorizer: PermissionAuthorizer): AdmissionPlugin {
  return {
    name: 'ClusterTrustBundleAttest',
    handles: ({ operation, resource, group }) =>
      resource === 'clustertrustbundles' &&
      group === 'certificates.k8s.io' &&
      (operation === 'CREATE' || operation === 'UPDATE'),
    async validate(request) {
      const { spec }: Readonly<TrustBundle> = request.object ?? {};
      const signerName = spec?.signerName ?? '';
      if (signerName === '' || changesOwnershipOnly(request.object, request.oldObject)) return;
      if (await maySignFor(authorizer, request.user, 'attest', signerName)) return;
      throw forbiddenByAdmission(request, `user not permitted to attest for signerName ${goQuote(signerName)}`);
    },
  };
}

/** The garbage collector may do its work everywhere. */
function changesOwnershipOnly(
  object: Readonly<KubeObject> | undefined,
  old: Readonly<KubeObject> | undefined,
): boolean {
  if (object === undefined || old === undefined) return false;
  const { ownerReferences, finalizers, managedFields } = old.metadata ?? {};
  return semanticEqual(
    { ...object, metadata: { ...object.metadata, ownerReferences, finalizers, managedFields } },
    old,
  );
}

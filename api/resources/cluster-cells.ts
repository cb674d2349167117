import type { Api } from '../object.ts';
import { age, type CellTable, cellsOf, findCondition, firstThree, labelText, name } from './cell.ts';
import { humanDuration } from './human-duration.ts';

type RoleBinding = Api<'io.k8s.api.rbac.v1.RoleBinding'>;
type SigningRequest = Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>;
type TrustBundle = Api<'io.k8s.api.certificates.v1beta1.ClusterTrustBundle'>;
type PodCertificateRequest = Api<'io.k8s.api.certificates.v1beta1.PodCertificateRequest'>;
type Lease = Api<'io.k8s.api.coordination.v1.Lease'>;
type LeaseCandidate = Api<'io.k8s.api.coordination.v1beta1.LeaseCandidate'>;
type PriorityClass = Api<'io.k8s.api.scheduling.v1.PriorityClass'>;
type RuntimeClass = Api<'io.k8s.api.node.v1.RuntimeClass'>;
type APIService = Api<'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService'>;
type StorageVersion = Api<'io.k8s.api.apiserverinternal.v1alpha1.StorageVersion'>;
type StorageVersionMigration = Api<'io.k8s.api.storagemigration.v1beta1.StorageVersionMigration'>;

function subjects({ subjects: all = [] }: RoleBinding, kind: string): string {
  return all
    .filter((subject) => subject.kind === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/` : '') + (subject.name ?? ''))
    .join(', ');
}

const bindingCells = cellsOf<RoleBinding>(
  name,
  ({ roleRef }) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`,
  age,
  (binding) => subjects(binding, 'User'),
  (binding) => subjects(binding, 'Group'),
  (binding) => subjects(binding, 'ServiceAccount'),
);

function signingState({ status }: SigningRequest): string {
  const has = (type: string) => findCondition(status?.conditions, type) !== undefined;
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return decision + (has('Failed') ? ',Failed' : '') + (status?.certificate ? ',Issued' : '');
}

function lastOf(
  conditions: readonly { readonly type?: string; readonly status?: string }[] | undefined,
  types: readonly string[],
): string | undefined {
  return conditions?.findLast(({ type }) => type !== undefined && types.includes(type))?.type;
}

function availability({ status }: APIService): string {
  const available = findCondition(status?.conditions, 'Available');
  if (available === undefined) return 'Unknown';
  const state = available.status ?? '';
  return state !== 'True' && available.reason ? `${state} (${available.reason})` : state;
}

/** What concerns the cluster as a whole: who may do what, identities, leases, classes, served APIs. */
export const clusterCells: CellTable = {
  'rolebindings.rbac.authorization.k8s.io': bindingCells,
  'clusterrolebindings.rbac.authorization.k8s.io': bindingCells,
  'certificatesigningrequests.certificates.k8s.io': cellsOf<SigningRequest>(
    name,
    age,
    ({ spec }) => spec?.signerName || '<none>',
    ({ spec }) => spec?.username ?? '',
    ({ spec }) => (spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000)),
    signingState,
  ),
  'clustertrustbundles.certificates.k8s.io': cellsOf<TrustBundle>(name, ({ spec }) => spec?.signerName || '<none>'),
  'podcertificaterequests.certificates.k8s.io': cellsOf<PodCertificateRequest>(
    name,
    ({ spec }) => spec?.podName ?? '',
    ({ spec }) => spec?.serviceAccountName ?? '',
    ({ spec }) => spec?.nodeName ?? '',
    ({ spec }) => spec?.signerName ?? '',
    ({ status }) => lastOf(status?.conditions, ['Issued', 'Denied', 'Failed']) ?? 'Pending',
    ({ spec }) => labelText(spec?.unverifiedUserAnnotations),
  ),
  'leases.coordination.k8s.io': cellsOf<Lease>(name, ({ spec }) => spec?.holderIdentity ?? '', age),
  'leasecandidates.coordination.k8s.io': cellsOf<LeaseCandidate>(
    name,
    ({ spec }) => spec?.leaseName ?? '',
    ({ spec }) => spec?.binaryVersion ?? '',
    ({ spec }) => spec?.emulationVersion ?? '',
    age,
  ),
  'priorityclasses.scheduling.k8s.io': cellsOf<PriorityClass>(
    name,
    ({ value }) => value ?? 0,
    ({ globalDefault }) => globalDefault ?? false,
    age,
    ({ preemptionPolicy }) => preemptionPolicy ?? '',
  ),
  'runtimeclasses.node.k8s.io': cellsOf<RuntimeClass>(name, ({ handler }) => handler ?? '', age),
  'apiservices.apiregistration.k8s.io': cellsOf<APIService>(
    name,
    ({ spec }) => (spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local'),
    availability,
    age,
  ),
  'storageversions.internal.apiserver.k8s.io': cellsOf<StorageVersion>(
    name,
    ({ status }) => status?.commonEncodingVersion ?? '<unset>',
    ({ status }) =>
      firstThree(
        (status?.storageVersions ?? []).map((each) => `${each.apiServerID ?? ''}=${each.encodingVersion ?? ''}`),
        '<unset>',
      ),
    age,
  ),
  'storageversionmigrations.storagemigration.k8s.io': cellsOf<StorageVersionMigration>(
    name,
    ({ spec }) => `${spec?.resource?.resource ?? ''}${spec?.resource?.group ? `.${spec.resource.group}` : ''}`,
    ({ status }) => {
      const holding = status?.conditions?.filter((condition) => condition.status === 'True');
      return lastOf(holding, ['Running', 'Failed', 'Succeeded']) ?? 'Unknown';
    },
  ),
};

import { semanticEqual } from '../../../api/equal.ts';
import type { Api } from '../../../api/object.ts';
import { certificateRequestSubject } from '../../resources/certificates/certificate-request.ts';
import { forbiddenByAdmission } from '../plugin.ts';
import type { NodeRequest } from './node-request.ts';

type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type ResourceSlice = Api<'io.k8s.api.resource.v1.ResourceSlice'>;
type SigningRequest = Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>;

const leaseNamespace = 'kube-node-lease';
const kubeletSigners: ReadonlySet<string> = new Set([
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
]);

export function admitClaimStatus({ request, node }: NodeRequest): void {
  if (request.subresource !== 'status') throw forbiddenByAdmission(request, 'may only update PVC status');
  if (request.operation !== 'UPDATE') {
    throw forbiddenByAdmission(request, `unexpected operation ${JSON.stringify(request.operation)}`);
  }
  if (semanticEqual(fixedPart(request.object ?? {}), fixedPart(request.oldObject ?? {}))) return;
  const why = `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions`;
  throw forbiddenByAdmission(request, why);
}

/** What a kubelet that has grown a volume leaves as it is. */
function fixedPart({ metadata, spec, status }: Readonly<Claim>): unknown {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata ?? {};
  const { phase, accessModes, currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {};
  return { metadata: kept, spec, status: { phase, accessModes, currentVolumeAttributesClassName, modifyVolumeStatus } };
}

function ownName({ request }: NodeRequest): string {
  return request.operation === 'CREATE' ? (request.object?.metadata?.name ?? '') : request.name;
}

export function admitLease(asked: NodeRequest): void {
  const { request, node } = asked;
  if (request.namespace !== leaseNamespace) {
    throw forbiddenByAdmission(
      request,
      `can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`,
    );
  }
  if (ownName(asked) === node) return;
  throw forbiddenByAdmission(request, 'can only access node lease with the same name as the requesting node');
}

export function admitCsiNode(asked: NodeRequest): void {
  if (ownName(asked) === asked.node) return;
  throw forbiddenByAdmission(asked.request, 'can only access CSINode with the same name as the requesting node');
}

export function admitResourceSlice({ request, node }: NodeRequest): void {
  const { operation, object, oldObject } = request;
  if (operation !== 'CREATE' && operation !== 'DELETE') return;
  const { spec }: Readonly<ResourceSlice> = (operation === 'CREATE' ? object : oldObject) ?? {};
  if (spec?.nodeName === node) return;
  const what = `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`;
  throw forbiddenByAdmission(request, what);
}

export function admitSigningRequest({ request, node }: NodeRequest): void {
  const { spec }: Readonly<SigningRequest> = request.object ?? {};
  if (request.operation !== 'CREATE' || !kubeletSigners.has(spec?.signerName ?? '')) return;
  const wanted = `system:node:${node}`;
  if (certificateRequestSubject(atob(spec?.request ?? '')).commonName === wanted) return;
  throw forbiddenByAdmission(request, `can only create a node CSR with CN=${wanted}`);
}

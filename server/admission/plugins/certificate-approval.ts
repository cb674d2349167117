import { semanticEqual } from '../../../api/equal.ts';
import { goQuote } from '../../../api/go-text.ts';
import type { Api } from '../../../api/object.ts';
import { maySignFor, type PermissionAuthorizer } from '../authorizer.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';

type SigningRequest = Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>;

export function isSigningRequest({ resource, group }: AdmissionRequest): boolean {
  return resource === 'certificatesigningrequests' && group === 'certificates.k8s.io';
}

/** Who approves must be trusted with the signer, not only with requests. */
export function createCertificateApproval(authorizer: PermissionAuthorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    handles: (request) =>
      request.operation === 'UPDATE' && request.subresource === 'approval' && isSigningRequest(request),
    async validate(request) {
      const old: Readonly<SigningRequest> = request.oldObject ?? {};
      const signerName = old.spec?.signerName ?? '';
      if (await maySignFor(authorizer, request.user, 'approve', signerName)) return;
      const why = `user not permitted to approve requests with signerName ${goQuote(signerName)}`;
      throw forbiddenByAdmission(request, why);
    },
  };
}

/** Certificates and conditions come from who may sign for the signer. */
export function createCertificateSigning(authorizer: PermissionAuthorizer): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    handles: (request) =>
      request.operation === 'UPDATE' && request.subresource === 'status' && isSigningRequest(request),
    async validate(request) {
      const { spec, status: before }: Readonly<SigningRequest> = request.oldObject ?? {};
      const { status: after }: Readonly<SigningRequest> = request.object ?? {};
      const isSame = before?.certificate === after?.certificate && semanticEqual(before?.conditions, after?.conditions);
      const signerName = spec?.signerName ?? '';
      if (isSame || (await maySignFor(authorizer, request.user, 'sign', signerName))) return;
      throw forbiddenByAdmission(request, `user not permitted to sign requests with signerName ${goQuote(signerName)}`);
    },
  };
}

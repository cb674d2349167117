import type { Api } from '../../../api/object.ts';
import { certificateRequestSubject } from '../../resources/certificates/certificate-request.ts';
import { type AdmissionPlugin, forbiddenByAdmission } from '../plugin.ts';
import { isSigningRequest } from './certificate-approval.ts';

type SigningRequest = Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>;

const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** No certificate makes its holder a member of the group that may do everything. */
export function createCertificateSubjectRestriction(): AdmissionPlugin {
  return {
    name: 'CertificateSubjectRestriction',
    handles: (request) => request.operation === 'CREATE' && request.subresource === '' && isSigningRequest(request),
    validate(request) {
      const { spec }: Readonly<SigningRequest> = request.object ?? {};
      if (spec?.signerName !== clientSigner) return;
      const { organizations } = certificateRequestSubject(atob(spec.request ?? ''));
      if (!organizations.includes('system:masters')) return;
      throw forbiddenByAdmission(request, `use of ${clientSigner} signer with system:masters group is not allowed`);
    },
  };
}

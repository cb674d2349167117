import { X509Certificate } from 'node:crypto';
import type { Signing } from '../runtime/framework/signing.ts';
import { signLegacyToken } from '../server/auth/service-account-token.ts';
import { type SigningKey, signingKey } from '../server/auth/signing-keys.ts';
import { type CertificateAuthority, createCertificateAuthority } from '../server/tls/certificate-signer.ts';
import { readSigningRequest } from '../server/tls/signing-request.ts';

export interface SigningKeys {
  /** PEM. */
  readonly clusterSigning?: { readonly certificate: string; readonly key: string };
  readonly serviceAccountPrivateKey?: string;
}

/** Keys are read when they are first needed. */
export function createSigning({ clusterSigning, serviceAccountPrivateKey }: SigningKeys): Signing {
  const made: { authority?: CertificateAuthority; tokenKey?: SigningKey } = {};
  return {
    readRequest: readSigningRequest,
    notAfter: (certificate) => new X509Certificate(certificate).validToDate.getTime(),
    ...(clusterSigning === undefined
      ? {}
      : {
          signCertificate: (request, terms) => {
            made.authority ??= createCertificateAuthority(clusterSigning.certificate, clusterSigning.key);
            return made.authority.sign(request, terms);
          },
        }),
    ...(serviceAccountPrivateKey === undefined
      ? {}
      : {
          signLegacyToken: (subject) => {
            made.tokenKey ??= signingKey(serviceAccountPrivateKey);
            return signLegacyToken(made.tokenKey, subject);
          },
        }),
  };
}

/** What a certificate request asks for, as far as controllers judge it. */
export interface RequestedCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly ipAddresses: readonly unknown[];
}

export interface CertificateTerms {
  readonly usages: readonly string[];
  readonly ttlMs: number;
  readonly now: number;
}

export interface LegacyTokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly secretName: string;
}

/** The cryptography that controllers need, and the process has. All texts are PEM. */
export interface Signing {
  /** Undefined: it is no request. */
  readRequest(request: string): RequestedCertificate | undefined;
  /** When a certificate ends, in milliseconds since the epoch. */
  notAfter(certificate: string): number | undefined;
  /** Absent where the CA's key is elsewhere. Throws where it cannot. */
  signCertificate?(request: string, terms: CertificateTerms): string;
  /** The token of a Secret. Absent where the key is elsewhere. */
  signLegacyToken?(subject: LegacyTokenSubject): string;
}

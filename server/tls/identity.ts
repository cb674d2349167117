import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../api/clock.ts';
import { type Credential, openPki, type Pki } from './pki.ts';

export interface IdentityOptions {
  /** `DATA_DIR/pki`. */
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Bind and advertise addresses and the `kubernetes` Service's. */
  readonly addresses: readonly string[];
  readonly dnsNames?: readonly string[];
  /** `--tls-cert-file`, `--tls-private-key-file`: both or none. */
  readonly tlsCertFile?: string | undefined;
  readonly tlsPrivateKeyFile?: string | undefined;
  /** `--client-ca-file`, beside the own CA, which the admin's certificate needs. */
  readonly clientCaFile?: string | undefined;
  /** `--service-account-key-file`, as often as given; default: the signing key. */
  readonly serviceAccountKeyFiles?: readonly string[];
  /** `--service-account-signing-key-file`; default: the own key. */
  readonly serviceAccountSigningKeyFile?: string | undefined;
}

/** Everything the server identifies itself and others with, as PEM. */
export interface Identity {
  readonly pki: Pki;
  readonly serving: Credential;
  /** What clients verify the server with: stands in kubeconfigs and in the `kube-root-ca.crt` ConfigMaps. */
  readonly servingCa: string;
  /** What client certificates are verified with. */
  readonly clientCa: string;
  readonly serviceAccountSigningKey: string;
  /** Of each of them tokens are accepted. */
  readonly serviceAccountKeys: readonly string[];
}

/** Errors are one clear line that names the flag. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { directory, clock, addresses, dnsNames = [] } = options;
  const [pki, given, clientCa, signingKey, keys] = await Promise.all([
    openPki({ directory, clock, addresses, dnsNames }),
    readServing(options),
    readFlag('--client-ca-file', options.clientCaFile, checkCertificates),
    readFlag('--service-account-signing-key-file', options.serviceAccountSigningKeyFile, createPrivateKey),
    Promise.all(
      (options.serviceAccountKeyFiles ?? []).map((file) =>
        readFlag('--service-account-key-file', file, () => undefined),
      ),
    ),
  ]);
  const serviceAccountSigningKey = signingKey ?? pki.serviceAccountKey;
  const accepted = keys.filter((key) => key !== undefined);
  return {
    pki,
    serving: given ?? pki.serving,
    servingCa: given?.certificate ?? pki.ca.certificate,
    clientCa: clientCa === undefined ? pki.ca.certificate : `${pki.ca.certificate}${clientCa}`,
    serviceAccountSigningKey,
    serviceAccountKeys: accepted.length > 0 ? accepted : [serviceAccountSigningKey],
  };
}

async function readServing({ tlsCertFile, tlsPrivateKeyFile }: IdentityOptions): Promise<Credential | undefined> {
  if (tlsCertFile === undefined && tlsPrivateKeyFile === undefined) return undefined;
  if (tlsCertFile === undefined || tlsPrivateKeyFile === undefined) {
    throw new Error('--tls-cert-file and --tls-private-key-file must be given together');
  }
  const [certificate = '', key = ''] = await Promise.all([
    readFlag('--tls-cert-file', tlsCertFile, checkCertificates),
    readFlag('--tls-private-key-file', tlsPrivateKeyFile, createPrivateKey),
  ]);
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    throw new Error(`--tls-private-key-file ${tlsPrivateKeyFile} does not belong to --tls-cert-file ${tlsCertFile}`);
  }
  return { certificate, key };
}

async function readFlag(
  flag: string,
  file: string | undefined,
  check: (pem: string) => unknown,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    const pem = await readFile(file, 'utf8');
    check(pem);
    return pem;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${flag} ${file}: ${text.split('\n', 1)[0]}`, { cause });
  }
}

function checkCertificates(pem: string): void {
  new X509Certificate(pem);
}

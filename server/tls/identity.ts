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
  /** `--requestheader-client-ca-file`; default: the own front proxy CA. */
  readonly requestHeaderClientCaFile?: string | undefined;
  /** `--proxy-client-cert-file`, `--proxy-client-key-file`: both or none. */
  readonly proxyClientCertFile?: string | undefined;
  readonly proxyClientKeyFile?: string | undefined;
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
  /** Who may speak for others. */
  readonly requestHeaderCa: string;
  /** What this server shows to aggregated ones. */
  readonly proxyClient: Credential;
  readonly serviceAccountSigningKey: string;
  /** Of each of them tokens are accepted. */
  readonly serviceAccountKeys: readonly string[];
}

/** Errors are one clear line that names the flag. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { directory, clock, addresses, dnsNames = [] } = options;
  const [pki, given, clientCa, requestHeaderCa, proxyClient, signingKey, keys] = await Promise.all([
    openPki({ directory, clock, addresses, dnsNames }),
    readPair(['--tls-cert-file', options.tlsCertFile], ['--tls-private-key-file', options.tlsPrivateKeyFile]),
    readFlag('--client-ca-file', options.clientCaFile, checkCertificates),
    readFlag('--requestheader-client-ca-file', options.requestHeaderClientCaFile, checkCertificates),
    readPair(
      ['--proxy-client-cert-file', options.proxyClientCertFile],
      ['--proxy-client-key-file', options.proxyClientKeyFile],
    ),
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
    requestHeaderCa: requestHeaderCa ?? pki.frontProxyCa.certificate,
    proxyClient: proxyClient ?? pki.frontProxyClient,
    serviceAccountSigningKey,
    serviceAccountKeys: accepted.length > 0 ? accepted : [serviceAccountSigningKey],
  };
}

type Flag = readonly [name: string, file: string | undefined];

async function readPair([certFlag, certFile]: Flag, [keyFlag, keyFile]: Flag): Promise<Credential | undefined> {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new Error(`${certFlag} and ${keyFlag} must be given together`);
  }
  const [certificate = '', key = ''] = await Promise.all([
    readFlag(certFlag, certFile, checkCertificates),
    readFlag(keyFlag, keyFile, createPrivateKey),
  ]);
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    throw new Error(`${keyFlag} ${keyFile} does not belong to ${certFlag} ${certFile}`);
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

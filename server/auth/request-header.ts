import { StatusError } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';
import type { CertificateVerifier, ClientCertificate } from './client-certificate.ts';
import { withAuthenticatedGroup } from './service-account.ts';

export interface RequestHeaderOptions {
  /** Of `--requestheader-client-ca-file`. */
  readonly certificates: CertificateVerifier;
  /** `--requestheader-allowed-names`; none: whoever the CA signed. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The word of a front proxy, which shows by its certificate that it may speak for others. */
export interface RequestHeaderAuthenticator {
  /** Whether the headers name anybody: nothing else needs to be looked at when they do not. */
  isMeant(headers: Headers): boolean;
  /** Undefined: nobody is named. Throws Unauthorized when the certificate may not speak for others. */
  authenticate(headers: Headers, certificate: ClientCertificate | undefined): UserInfo | undefined;
}

/** Upstream: headerrequest.NewDynamicVerifyOptionsSecure. */
export function createRequestHeaderAuthenticator(options: RequestHeaderOptions): RequestHeaderAuthenticator {
  const lower = (names: readonly string[]): string[] => names.map((name) => name.trim().toLowerCase());
  const usernames = lower(options.usernameHeaders);
  const uids = lower(options.uidHeaders);
  const groups = lower(options.groupHeaders);
  const prefixes = lower(options.extraHeaderPrefixes);
  const allowed = new Set(options.allowedNames);
  // The verifier remembers what it accepted; what was refused once per connection is not verified again.
  const refused = new WeakSet<ClientCertificate>();
  const isTrusted = (certificate: ClientCertificate): boolean => {
    if (refused.has(certificate)) return false;
    const answer = speaksForOthers(options.certificates, certificate, allowed);
    if (!answer) refused.add(certificate);
    return answer;
  };
  return {
    isMeant: (headers) => usernames.some((name) => firstOf(headers[name]) !== ''),
    authenticate(headers, certificate) {
      const username = usernames.map((name) => firstOf(headers[name])).find((value) => value !== '');
      if (username === undefined || certificate === undefined) return undefined;
      if (!isTrusted(certificate)) throw new StatusError('Unauthorized', 'Unauthorized');
      const uid = uids.map((name) => firstOf(headers[name])).find((value) => value !== '');
      return withAuthenticatedGroup({
        username,
        ...(uid === undefined ? {} : { uid }),
        groups: groups.flatMap((name) => [headers[name] ?? []].flat()).filter((group) => group !== ''),
        extra: extraOf(headers, prefixes),
      });
    },
  };
}

function speaksForOthers(
  certificates: CertificateVerifier,
  certificate: ClientCertificate,
  allowed: ReadonlySet<string>,
): boolean {
  try {
    const proxy = certificates.verify(certificate);
    return allowed.size === 0 || (proxy !== undefined && allowed.has(proxy.username));
  } catch {
    return false;
  }
}

function firstOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}

function extraOf(headers: Headers, prefixes: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const prefix of prefixes) {
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined || !name.startsWith(prefix)) continue;
      const key = unescaped(name.slice(prefix.length));
      extra[key] = [...(extra[key] ?? []), ...[value].flat()];
    }
  }
  return extra;
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

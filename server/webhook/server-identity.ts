import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { goQuote } from '../../api/go-text.ts';
import { formatIP, parseIP } from '../../api/ip.ts';

// Upstream shows no more names than these.
const maxNamesShown = 100;

interface AlternativeNames {
  readonly present: boolean;
  readonly dns: readonly string[];
  readonly addresses: readonly string[];
}

function canonical(address: string): string {
  const parsed = parseIP(address);
  return parsed === undefined ? address : formatIP(parsed.family, parsed.bits);
}

function alternativeNames({ subjectAltName }: X509Certificate): AlternativeNames {
  const names = [...(subjectAltName ?? '').matchAll(/(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]+)/g)];
  const of = (type: string): string[] =>
    names.filter(([, each]) => each === type).map(([, , name = '']) => name.replace(/^"|"$/g, ''));
  return { present: subjectAltName !== undefined, dns: of('DNS'), addresses: of('IP Address').map(canonical) };
}

/** `*` stands for the whole first label. Common names do not count. */
function matchesName(pattern: string, host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '').split('.');
  const given = pattern.toLowerCase().replace(/\.$/, '').split('.');
  return wanted.length === given.length && given.every((label, i) => label === wanted[i] || (i === 0 && label === '*'));
}

function commonNameOf(text: string): string {
  return /^CN=(.*)$/m.exec(text)?.[1] ?? '';
}

/** Why the certificate does not speak for `host`, in Go's words; undefined when it does. */
export function identityProblem(certificate: X509Certificate, host: string): string | undefined {
  const { present, dns, addresses } = alternativeNames(certificate);
  const isAddress = isIP(host) !== 0;
  if (isAddress ? addresses.includes(canonical(host)) : dns.some((name) => matchesName(name, host))) return undefined;
  if (!present && matchesName(commonNameOf(certificate.subject), host))
    return 'certificate relies on legacy Common Name field, use SANs instead';
  const names = isAddress ? addresses : dns;
  if (isAddress && names.length === 0)
    return `cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  if (names.length >= maxNamesShown)
    return `certificate is valid for ${names.length} ${isAddress ? 'IP SANs' : 'names'}, but none matched ${host}`;
  if (names.length === 0) return `certificate is not valid for any names, but wanted to match ${host}`;
  return `certificate is valid for ${names.join(', ')}, not ${host}`;
}

function goTime(text: string | number): string {
  return `${new Date(text).toISOString().slice(0, 19)}Z`;
}

/** What is wrong with the time of a certificate, if anything. */
export function validityProblem(certificate: X509Certificate, now: number): string | undefined {
  const words = 'certificate has expired or is not yet valid: current time';
  if (now > Date.parse(certificate.validTo)) return `${words} ${goTime(now)} is after ${goTime(certificate.validTo)}`;
  if (now < Date.parse(certificate.validFrom))
    return `${words} ${goTime(now)} is before ${goTime(certificate.validFrom)}`;
  return undefined;
}

const verificationFailures: Readonly<Record<string, string>> = {
  rsa: 'crypto/rsa: verification error',
  ec: 'x509: ECDSA verification failure',
  ed25519: 'x509: Ed25519 verification failure',
};

/** An authority that has the right name but did not sign: what remains of a bundle that was not renewed. */
export function authorityHint(certificate: X509Certificate, authorities: readonly X509Certificate[]): string {
  const candidate = authorities.find(({ subject }) => subject === certificate.issuer);
  if (candidate === undefined) return '';
  const failure = verificationFailures[candidate.publicKey.asymmetricKeyType ?? ''] ?? 'x509: invalid signature';
  const name = commonNameOf(candidate.subject);
  return ` (possibly because of ${goQuote(failure)} while trying to verify candidate authority certificate ${goQuote(name)})`;
}

import type { Endpoint } from './service-resolver.ts';

const connectReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
};

const unknownAuthority = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

/** An address with its port, IPv6 in brackets. */
export function authorityOf({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What went wrong on the way to a server, as Go's client says it: these texts stand in conditions and answers. */
export function networkErrorText(error: unknown, endpoint: Endpoint, serverName: string): string {
  const { code = '', message } = error as { code?: string; message: string };
  const connect = connectReasons[code];
  if (connect !== undefined) return `dial tcp ${authorityOf(endpoint)}: ${connect}`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${endpoint.host}: no such host`;
  if (code === 'ECONNRESET' && message === 'socket hang up') return 'EOF';
  if (code === 'ECONNRESET') return `read tcp ${authorityOf(endpoint)}: read: connection reset by peer`;
  if (code === 'EPIPE') return `write tcp ${authorityOf(endpoint)}: write: broken pipe`;
  const certificate = certificateText(code, error, serverName);
  if (certificate !== undefined) return `tls: failed to verify certificate: x509: ${certificate}`;
  if (code === 'EPROTO') return 'http: server gave HTTP response to HTTPS client';
  return message;
}

function certificateText(code: string, error: unknown, serverName: string): string | undefined {
  if (unknownAuthority.has(code)) return 'certificate signed by unknown authority';
  if (code === 'CERT_HAS_EXPIRED') return 'certificate has expired or is not yet valid';
  if (code === 'CERT_NOT_YET_VALID') return 'certificate has expired or is not yet valid';
  if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID') return undefined;
  const { cert } = error as { cert?: { subjectaltname?: string } };
  const names = [...(cert?.subjectaltname ?? '').matchAll(/(?:DNS|IP Address):([^,]+)/g)].map(([, name]) => name);
  if (names.length === 0) return 'certificate relies on legacy Common Name field, use SANs instead';
  return `certificate is valid for ${names.join(', ')}, not ${serverName}`;
}

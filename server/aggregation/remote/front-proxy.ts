import type { UserInfo } from '../../registry/strategy.ts';

/** Only what RFC 7230 calls a token may stand in a header's name; the rest, and the sign of escapes, is escaped. */
function escapedKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** Who a request is from, as aggregated servers are told. Upstream: SetAuthProxyHeaders. */
export function frontProxyHeaders(user: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'X-Remote-User': user.username };
  if (user.uid !== undefined && user.uid !== '') headers['X-Remote-Uid'] = user.uid;
  if (user.groups.length > 0) headers['X-Remote-Group'] = [...user.groups];
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    if (values.length > 0) headers[`X-Remote-Extra-${escapedKey(key)}`] = [...values];
  }
  return headers;
}

// Between two hops only, or taken away by authentication and impersonation.
const dropped = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'authorization',
  'expect',
  'content-length',
]);
const identity = /^(x-remote-(user|uid|group)$|x-remote-extra-|impersonate-(user|uid|group)$|impersonate-extra-)/;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A client's headers without those that are not the aggregated server's business. */
export function forwardedHeaders(headers: Headers): Record<string, string | string[]> {
  const named = listOf(headers['connection']);
  return kept(headers, (name) => !dropped.has(name) && !identity.test(name) && !named.has(name));
}

const droppedFromAnswers = new Set([...dropped].filter((name) => name !== 'content-length'));
const crossOrigin = /^access-control-allow-(origin|credentials|headers|methods)$/;

/** An aggregated server's headers as the client gets them. */
export function answeredHeaders(headers: Headers): Record<string, string | string[]> {
  const named = listOf(headers['connection']);
  return kept(headers, (name) => !droppedFromAnswers.has(name) && !crossOrigin.test(name) && !named.has(name));
}

function listOf(value: string | readonly string[] | undefined): ReadonlySet<string> {
  return new Set(
    [value ?? []]
      .flat()
      .join(',')
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
}

function kept(headers: Headers, keep: (name: string) => boolean): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !keep(name)) continue;
    result[name] = typeof value === 'string' ? value : value.length === 1 ? (value[0] ?? '') : [...value];
  }
  return result;
}

import { goQuote } from '../../go-text.ts';
import { addressError } from './go-address.ts';

/** A URL as Go's net/url reads it. */
export interface GoURL {
  readonly scheme: string;
  readonly opaque: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly path: string;
  readonly escapedPath: string;
  readonly query: string;
  readonly forceQuery: boolean;
  readonly fragment: string;
  readonly omitHost: boolean;
}

/** Go's text of what is wrong, thrown within this file alone. */
class Malformed extends Error {}

function fail(message: string): never {
  throw new Malformed(message);
}

type Mode = 'path' | 'host' | 'zone' | 'user' | 'query' | 'fragment';

const unescaped: Readonly<Record<Mode, RegExp>> = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  host: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  zone: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  query: /[A-Za-z0-9\-_.~]/,
  fragment: /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/,
};

function unescapeText(text: string, mode: Mode): string {
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (character === '%') checkEscape(text.slice(index, index + 3), mode);
    else if ((mode === 'host' || mode === 'zone') && character < '\x80' && !unescaped[mode].test(character)) {
      fail(`invalid character ${goQuote(character)} in host name`);
    }
  }
  const spaced = mode === 'query' ? text.replaceAll('+', ' ') : text;
  return spaced.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    const bytes = escapes
      .slice(1)
      .split('%')
      .map((digits) => Number.parseInt(digits, 16));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}

function checkEscape(sequence: string, mode: Mode): void {
  if (!/^%[0-9A-Fa-f]{2}$/.test(sequence)) fail(`invalid URL escape ${goQuote(sequence)}`);
  if (sequence === '%25') return;
  const byte = Number.parseInt(sequence.slice(1), 16);
  const forbidden =
    (mode === 'host' && byte < 0x80) ||
    (mode === 'zone' && byte !== 32 && !unescaped.host.test(String.fromCharCode(byte)));
  if (forbidden) fail(`invalid URL escape ${goQuote(sequence)}`);
}

function escapeText(text: string, mode: Mode): string {
  return Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (byte < 0x80 && unescaped[mode].test(character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

const cut = (text: string, separator: string): [string, string] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
};

function parseAbsolute(raw: string, viaRequest: boolean): GoURL {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is forbidden
  if (/[\x00-\x1f\x7f]/.test(raw)) fail('net/url: invalid control character in URL');
  if (raw === '' && viaRequest) fail('empty url');
  const blank = { scheme: '', opaque: '', user: undefined, host: '', query: '', forceQuery: false, fragment: '' };
  if (raw === '*') return { ...blank, path: '*', escapedPath: '*', omitHost: false };
  if (raw.startsWith(':')) fail('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(raw)?.[1] ?? '';
  let rest = scheme === '' ? raw : raw.slice(scheme.length + 1);
  let query = '';
  const forceQuery = rest.indexOf('?') === rest.length - 1 && rest !== '';
  if (forceQuery) rest = rest.slice(0, -1);
  else [rest, query] = cut(rest, '?');
  const url = { ...blank, scheme: scheme.toLowerCase(), query, forceQuery };
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...url, opaque: rest, path: '', escapedPath: '', omitHost: false };
    checkRelative(rest, viaRequest);
  }
  const hasAuthority = rest.startsWith('//') && (scheme !== '' || (!viaRequest && !rest.startsWith('///')));
  let authority: Authority = { user: undefined, host: '' };
  if (hasAuthority) {
    const end = rest.indexOf('/', 2);
    authority = parseAuthority(url.scheme, end < 0 ? rest.slice(2) : rest.slice(2, end));
    rest = end < 0 ? '' : rest.slice(end);
  }
  const path = unescapeText(rest, 'path');
  const omitHost = !hasAuthority && scheme !== '' && rest.startsWith('/');
  return { ...url, ...authority, path, escapedPath: escapedPathOf(rest, path), omitHost };
}

function checkRelative(rest: string, viaRequest: boolean): void {
  if (viaRequest) fail('invalid URI for request');
  if (cut(rest, '/')[0].includes(':')) fail('first path segment in URL cannot contain colon');
}

// The spelling in the text stays when it is a valid one.
function escapedPathOf(raw: string, path: string): string {
  const isValid = Array.from(raw).every((character) => unescaped.path.test(character) || /[!'()*[\]%]/.test(character));
  return isValid ? raw : escapeText(path, 'path');
}

interface Authority {
  readonly user: string | undefined;
  readonly host: string;
}

function parseAuthority(scheme: string, authority: string): Authority {
  const at = authority.lastIndexOf('@');
  const host = parseHost(scheme, authority.slice(at + 1));
  if (at < 0) return { user: undefined, host };
  const userinfo = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) fail('net/url: invalid userinfo');
  const [name, password] = cut(userinfo, ':');
  const user = escapeText(unescapeText(name, 'user'), 'user');
  const secret = escapeText(unescapeText(password, 'user'), 'user');
  return { user: userinfo.includes(':') ? `${user}:${secret}` : user, host };
}

function checkPort(port: string): void {
  if (!/^(?::[0-9]*)?$/.test(port)) fail(`invalid port ${goQuote(port)} after host`);
}

function parseHost(scheme: string, host: string): string {
  const open = host.lastIndexOf('[');
  if (open > 0) fail('invalid IP-literal');
  if (open === 0) return parseBracketed(host);
  const first = host.indexOf(':');
  if (first >= 0) {
    const last = host.lastIndexOf(':');
    checkPort(host.slice(scheme === 'http' || scheme === 'https' ? first : last));
  }
  return unescapeText(host, 'host');
}

function parseBracketed(host: string): string {
  const close = host.lastIndexOf(']');
  if (close < 0) fail("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const literal = host.slice(1, close);
  const zone = literal.indexOf('%25');
  const name =
    zone < 0
      ? unescapeText(literal, 'host')
      : unescapeText(literal.slice(0, zone), 'host') + unescapeText(literal.slice(zone), 'zone');
  const error = addressError(name);
  if (error !== undefined) fail(`invalid host: ${error}`);
  if (!name.includes(':')) fail('invalid IP-literal');
  return `[${name}]${unescapeText(port, 'host')}`;
}

function attempt<T>(raw: string, parse: () => T): T | string {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return `parse ${goQuote(raw)}: ${error.message}`;
  }
}

/** What ParseRequestURI says of a text that is no absolute URL or path. */
export function requestURIError(raw: string): string | undefined {
  const result = attempt(raw, () => parseAbsolute(raw, true));
  return typeof result === 'string' ? result : undefined;
}

/** As url.Parse; the text of the error when there is one. */
export function parseURL(raw: string): GoURL | string {
  const [rest, fragment] = cut(raw, '#');
  const url = attempt(rest, () => parseAbsolute(rest, false));
  if (typeof url === 'string' || fragment === '') return url;
  return attempt(raw, () => ({ ...url, fragment: escapeText(unescapeText(fragment, 'fragment'), 'fragment') }));
}

/** Malformed pairs are left out. */
export function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const [name, value] = cut(pair, '=');
    const key = attempt(query, () => ({ key: unescapeText(name, 'query'), value: unescapeText(value, 'query') }));
    if (typeof key === 'string') continue;
    const list = values.get(key.key) ?? [];
    list.push(key.value);
    values.set(key.key, list);
  }
  return values;
}

export function formatURL(url: GoURL): string {
  let text = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') text += url.opaque;
  else {
    const hasHost = url.host !== '' || url.user !== undefined;
    if (hasHost || (url.scheme !== '' && !url.omitHost && url.path !== '')) text += '//';
    if (url.user !== undefined) text += `${url.user}@`;
    text += escapeText(url.host, 'host') + url.escapedPath;
  }
  if (url.forceQuery || url.query !== '') text += `?${url.query}`;
  return url.fragment === '' ? text : `${text}#${url.fragment}`;
}

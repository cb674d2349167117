interface UrlParts {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly query: string;
  readonly fragment: string;
}

function before(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function hostError(host: string): string | undefined {
  const bad = /[\s<>"\\^`{|}]/.exec(host)?.[0];
  if (bad !== undefined) return `invalid character ${JSON.stringify(bad)} in host name`;
  const port = /:[^\]:]*$/.exec(host)?.[0];
  return port !== undefined && !/^:\d*$/.test(port) ? `invalid port ${JSON.stringify(port)} after host` : undefined;
}

/** Splits a URL as Go's net/url does, which takes far more than WHATWG URLs allow; errors are in its words. */
export function parseUrl(text: string): UrlParts | { readonly error: string } {
  const failed = (why: string): { readonly error: string } => ({ error: `parse ${JSON.stringify(text)}: ${why}` });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) return failed('net/url: invalid control character in URL');
  const [withoutFragment, fragment] = before(text, '#');
  if (withoutFragment.startsWith(':')) return failed('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(withoutFragment)?.[1] ?? '';
  const [hierarchy, query] = before(scheme === '' ? withoutFragment : withoutFragment.slice(scheme.length + 1), '?');
  const badEscape = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(hierarchy)?.[0];
  if (badEscape !== undefined) return failed(`invalid URL escape ${JSON.stringify(badEscape)}`);
  const empty = { scheme: scheme.toLowerCase(), user: undefined, host: '', query, fragment };
  if (!hierarchy.startsWith('//')) {
    if (scheme === '' && before(hierarchy, '/')[0].includes(':'))
      return failed('first path segment in URL cannot contain colon');
    return empty;
  }
  const [authority] = before(hierarchy.slice(2), '/');
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const error = hostError(host);
  return error === undefined ? { ...empty, host, user: at < 0 ? undefined : authority.slice(0, at) } : failed(error);
}

function hasBadEscape(text: string): boolean {
  return /%(?![0-9A-Fa-f]{2})/.test(text);
}

function isHostAndPort(host: string): boolean {
  if (/[\s<>"\\^`{|}]/.test(host)) return false;
  // In hosts only escapes of non-ASCII bytes may stand, and zones of IPv6 addresses.
  const literal = /^\[([^\]]*)\](.*)$/.exec(host);
  if (host.startsWith('[')) {
    if (literal === null) return false;
    return /^(?::\d*)?$/.test(literal[2] ?? '');
  }
  if (hasBadEscape(host) || /%[0-7]/.test(host)) return false;
  const port = /:[^:]*$/.exec(host)?.[0];
  return port === undefined || /^:\d*$/.test(port);
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    const user = authority.slice(0, at);
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || hasBadEscape(user)) return false;
  }
  return isHostAndPort(authority.slice(at + 1));
}

/** Go's url.ParseRequestURI: an absolute URI or an absolute path; a fragment is taken for a part of it. */
export function isRequestUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (text === '' || /[\x00-\x1f\x7f]/.test(text)) return false;
  if (text === '*') return true;
  if (text.startsWith(':')) return false;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(text)?.[0] ?? '';
  const rest = scheme === '' ? text : text.slice(scheme.length + 1);
  const [hierarchy = ''] = rest.split('?', 1);
  if (!hierarchy.startsWith('/')) return scheme !== '';
  if (!hierarchy.startsWith('//')) return !hasBadEscape(hierarchy);
  if (scheme === '') return !hasBadEscape(hierarchy);
  const slash = hierarchy.indexOf('/', 2);
  const authority = hierarchy.slice(2, slash < 0 ? undefined : slash);
  return isAuthority(authority) && !hasBadEscape(slash < 0 ? '' : hierarchy.slice(slash));
}

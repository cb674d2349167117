/** What a path addresses. Upstream: endpoints/request/requestinfo.go. */
export type RequestInfo = ResourceRequest | NonResourceRequest;

export interface NonResourceRequest {
  readonly isResource: false;
  /** Decoded segments. */
  readonly parts: readonly string[];
}

export interface ResourceRequest {
  readonly isResource: true;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource (proxy paths), still encoded. */
  readonly subpath: string;
  /** The old `/watch/` form. */
  readonly isWatchPath: boolean;
}

/** What is asked for by a method, where one object is named. */
export const requestVerbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const namespaceSubresources = new Set(['status', 'finalize']);

export function hasBrokenEscape(path: string): boolean {
  return /%(?![0-9a-fA-F]{2})/.test(path);
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    const bytes = path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString();
  }
}

function segmentsOf(path: string): string[] {
  return path.replace(/^\/+|\/+$/g, '').split('/');
}

/** Upstream decodes the whole path before it is cut: `%2f` separates, and empty segments in the middle count. */
export function parsePath(path: string): RequestInfo {
  const parts = segmentsOf(decoded(path));
  const encoded = segmentsOf(path);
  const raw = encoded.length === parts.length ? encoded : parts;
  const isCore = parts[0] === 'api';
  if ((!isCore && parts[0] !== 'apis') || path.startsWith('//')) return { isResource: false, parts };
  const at = isCore ? 2 : 3;
  if (parts.length <= at) return { isResource: false, parts };
  return parseResource(parts, raw, isCore ? '' : (parts[1] ?? ''), at);
}

function parseResource(parts: readonly string[], raw: readonly string[], group: string, start: number): RequestInfo {
  const version = parts[start - 1] ?? '';
  const isWatchPath = parts[start] === 'watch' && parts.length > start + 1;
  let at = isWatchPath ? start + 1 : start;
  let namespace = '';
  if (parts[at] === 'namespaces' && parts.length > at + 1) {
    namespace = parts[at + 1] ?? '';
    if (parts.length > at + 2 && !namespaceSubresources.has(parts[at + 2] ?? '')) at += 2;
  }
  const resource = parts[at] ?? '';
  return {
    isResource: true,
    group,
    version,
    // A namespace itself is addressed without one.
    namespace: resource === 'namespaces' ? '' : namespace,
    resource,
    name: parts[at + 1] ?? '',
    subresource: parts[at + 2] ?? '',
    subpath: raw.slice(at + 3).join('/'),
    isWatchPath,
  };
}

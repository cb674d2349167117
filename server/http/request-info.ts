/** What a path addresses. Upstream: endpoints/request/requestinfo.go. */
export type RequestInfo = ResourceRequest | NonResourceRequest;

export interface NonResourceRequest {
  readonly isResource: false;
  /** Decoded segments without empty ones. */
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

const namespaceSubresources = new Set(['status', 'finalize']);

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // A broken escape names nothing; the look-up answers NotFound.
  }
}

export function parsePath(path: string): RequestInfo {
  const raw = path.split('/').filter((segment) => segment !== '');
  const parts = raw.map(decoded);
  const isCore = parts[0] === 'api';
  if (!isCore && parts[0] !== 'apis') return { isResource: false, parts };
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

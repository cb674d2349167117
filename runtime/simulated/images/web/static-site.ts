import { bytesOf, textOf } from '../../../files/byte-text.ts';
import type { FileTree } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import type { Answer, HttpCall } from '../http-service.ts';

/** What differs between servers of plain files. */
export interface SiteStyle {
  /** Where the files are. */
  readonly root: string;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  errorPage(status: number, url: URL): string;
  typeOf(path: string): string;
  etagOf(modifiedAt: number, size: number): string;
}

/** Files as nginx and Apache serve them: GET and HEAD, an index in each directory, one range, conditions by tag and time. */
export function siteAnswer(files: FileTree, { request, url }: HttpCall, style: SiteStyle): Answer {
  const fail = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
    status,
    headers: { ...style.headers, 'content-type': 'text/html', ...headers },
    body: style.errorPage(status, url),
  });
  if (request.method !== 'GET' && request.method !== 'HEAD') return fail(405);
  const path = decodedPath(url);
  if (path === undefined) return fail(400);
  let full = resolvePath(style.root, `.${resolvePath('/', path)}`);
  if (files.isDirectory(full)) {
    if (!path.endsWith('/'))
      return fail(301, { location: `http://${request.headers.host ?? url.host}${url.pathname}/${url.search}` });
    full = `${full}/index.html`;
    if (files.read(full) === undefined) return fail(403);
  }
  const text = files.read(full);
  if (text === undefined) return fail(404);
  const modifiedAt = files.stat(full)?.modifiedAt ?? 0;
  const etag = style.etagOf(modifiedAt, text.length);
  const modified = new Date(modifiedAt).toUTCString();
  const { 'if-none-match': known, 'if-modified-since': since, range } = request.headers;
  const shown = { ...style.headers, 'last-modified': modified, etag };
  if (known === etag || (known === undefined && since === modified)) return { status: 304, headers: shown };
  const headers = { ...shown, 'content-type': style.typeOf(full), 'accept-ranges': 'bytes' };
  const bytes = bytesOf(text);
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === '' && to === '') return { headers, body: bytes };
  const start = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
  if (start > end) return fail(416, { 'content-range': `bytes */${bytes.length}` });
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
  };
}

function decodedPath({ pathname }: URL): string | undefined {
  try {
    return textOf(decodeURIComponent(pathname));
  } catch {
    // Such a request is a bad one.
    return undefined;
  }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As in access logs: `21/Nov/2026:18:10:54 +0000`. */
export function logTime(ms: number): string {
  const at = new Date(ms);
  const day = String(at.getUTCDate()).padStart(2, '0');
  return `${day}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  txt: 'text/plain',
  xml: 'text/xml',
  js: 'application/javascript',
  json: 'application/json',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
};

/** By the name's ending. */
export function plainType(path: string, otherwise: string): string {
  return types[/\.(\w+)$/.exec(path)?.[1] ?? ''] ?? otherwise;
}

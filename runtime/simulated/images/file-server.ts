import { bytesOf, textOf, unicodeOf } from '../../files/byte-text.ts';
import type { FileTree } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { type Answer, type HttpCall, reply } from './http-service.ts';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  htm: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  xml: 'text/xml; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

/** Files below a directory as Go's file server shows them: index.html, listings, Last-Modified, ranges. */
export function serveFiles(
  files: FileTree,
  root: string,
  call: HttpCall,
  headers: Readonly<Record<string, string>> = {},
): void {
  reply(call, answerTo(files, root, call, headers));
}

function answerTo(files: FileTree, root: string, call: HttpCall, headers: Readonly<Record<string, string>>): Answer {
  const path = resolvePath('/', textOf(pathOf(call)));
  const full = resolvePath(root, `.${path}`);
  if (path !== '/' && path.endsWith('/index.html')) return { status: 301, headers: { ...headers, location: './' } };
  if (files.isDirectory(full)) {
    if (!call.url.pathname.endsWith('/'))
      return {
        status: 301,
        headers: { ...headers, location: `${path.slice(path.lastIndexOf('/') + 1)}/` },
      };
    const index = `${full === '/' ? '' : full}/index.html`;
    return files.read(index) === undefined ? listing(files, full, headers) : file(files, index, call, headers);
  }
  if (files.read(full) === undefined)
    return {
      status: 404,
      headers: { ...headers, 'x-content-type-options': 'nosniff' },
      body: '404 page not found\n',
    };
  return file(files, full, call, headers);
}

function pathOf({ url }: HttpCall): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    // A stray percent sign stands for itself.
    return url.pathname;
  }
}

function listing(files: FileTree, path: string, headers: Readonly<Record<string, string>>): Answer {
  const names = files
    .list(path)
    .map((name) => unicodeOf(files.isDirectory(`${path === '/' ? '' : path}/${name}`) ? `${name}/` : name));
  const rows = names.map(
    (name) => `<a href="${encodeURI(name)}">${name.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</a>\n`,
  );
  return {
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${rows.join('')}</pre>\n`,
  };
}

function file(files: FileTree, path: string, call: HttpCall, headers: Readonly<Record<string, string>>): Answer {
  const bytes = bytesOf(files.read(path) ?? '');
  const type = typeOf(path, bytes);
  const modified = new Date(files.stat(path)?.modifiedAt ?? 0).toUTCString();
  const all = { ...headers, 'content-type': type, 'last-modified': modified, 'accept-ranges': 'bytes' };
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(call.request.headers.range ?? '') ?? [];
  if (from === '' && to === '') return { headers: all, body: bytes };
  const start = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
  if (start >= bytes.length || start > end)
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${bytes.length}` } };
  return {
    status: 206,
    headers: { ...all, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
  };
}

/** By the name's ending, or by whether it looks like text. */
export function typeOf(path: string, bytes: Uint8Array): string {
  const known = types[/\.(\w+)$/.exec(path)?.[1] ?? ''];
  if (known !== undefined) return known;
  return bytes.subarray(0, 512).some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
    ? 'application/octet-stream'
    : 'text/plain; charset=utf-8';
}

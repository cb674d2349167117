import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { bytesOf, fromBytes } from '../../files/byte-text.ts';
import { resolvePath } from '../../files/path.ts';
import { readingFile, writingFile } from '../../processes/open-file.ts';
import { ExecError } from '../../processes/program.ts';
import { readerOf, writerOf } from '../streams.ts';
import { parseFlags } from './flags.ts';
import { codeOf, type NetworkProcess, type NetworkProgram } from './place.ts';

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  txt: 'text/plain',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  png: 'image/png',
  svg: 'image/svg+xml',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  xml: 'application/xml',
};
const plain = 'application/octet-stream';

/** Busybox's: files of a directory, and programs in its cgi-bin. Stays in the foreground with `-f` alone. */
export const httpd: NetworkProgram = async (args, process) => {
  const { network, stderr, killed, cwd } = process;
  const flags = parseFlags(args, { letters: 'fiv', valued: 'purhcmde' });
  if (!flags.has('f')) {
    // In the background it is a process of its own.
    process.spawn({ args: ['httpd', '-f', ...args], group: 'new' });
    return 0;
  }
  const [, ip, port = '80'] = /^(?:(.*):)?(\d+)$/.exec(flags.value('p') ?? '80') ?? [];
  const home = resolvePath(cwd, flags.value('h') ?? '.');
  const server = createServer((request, response) => void answer(request, response, home, process));
  try {
    const options = ip === undefined || ip === '' ? {} : { ip };
    const listener = network.listen(Number(port), ({ stream }) => void server.emit('connection', stream), options);
    const ended = new Promise<void>((resolve) => killed.addEventListener('abort', () => resolve(), { once: true }));
    const closed = ended.then(() => listener.close());
    await closed;
    return 0;
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    stderr.write(`httpd: bind: Address already in use\n`);
    return 1;
  }
};

function pageOf(title: string, text: string): string {
  return `<HTML><HEAD><TITLE>${title}</TITLE></HEAD>\n<BODY><H1>${title}</H1>\n${text}\n</BODY></HTML>\n`;
}

function fail(response: ServerResponse, status: number, words: string, text: string): void {
  response.writeHead(status, words, { 'Content-type': 'text/html', Connection: 'close' });
  response.end(pageOf(`${status} ${words}`, text));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  home: string,
  process: NetworkProcess,
): Promise<void> {
  const { files } = process;
  const [written = '/', query = ''] = (request.url ?? '/').split('?');
  const path = resolvePath('/', decodeURIComponent(written));
  if (path.startsWith('/cgi-bin/')) return runProgram(request, response, { home, path, query }, process);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return fail(response, 501, 'Not Implemented', 'The requested method is not recognized');
  const place = resolvePath(home, `.${path}`);
  if (files.isDirectory(place) && !written.endsWith('/')) {
    response.writeHead(302, 'Found', { Location: `${written}/`, Connection: 'close' });
    response.end();
    return;
  }
  const file = files.isDirectory(place) ? `${place}/index.html`.replace('//', '/') : place;
  const text = files.read(file);
  if (text === undefined) return fail(response, 404, 'Not Found', 'The requested URL was not found');
  const type = types[file.slice(file.lastIndexOf('.') + 1)] ?? plain;
  const modified = new Date(files.stat(file)?.modifiedAt ?? 0).toUTCString();
  response.writeHead(200, 'OK', {
    'Content-type': type,
    'Content-length': text.length,
    'Last-Modified': modified,
    'Accept-Ranges': 'bytes',
    Connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : bytesOf(text));
}

/** Its output has the headers before the page. */
async function runProgram(
  request: IncomingMessage,
  response: ServerResponse,
  { home, path, query }: { readonly home: string; readonly path: string; readonly query: string },
  process: NetworkProcess,
): Promise<void> {
  const file = resolvePath(home, `.${path}`);
  if (process.files.read(file) === undefined)
    return fail(response, 404, 'Not Found', 'The requested URL was not found');
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  let output = '';
  const stdin = readingFile(readerOf(fromBytes(Buffer.concat(parts))));
  const stdout = writingFile(
    writerOf((text) => {
      output += text;
    }),
  );
  const environment = new Map([
    ...process.environment,
    ...Object.entries({
      REQUEST_METHOD: request.method ?? 'GET',
      QUERY_STRING: query,
      REQUEST_URI: request.url ?? path,
      SCRIPT_NAME: path,
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GATEWAY_INTERFACE: 'CGI/1.1',
      SERVER_PROTOCOL: 'HTTP/1.0',
    }),
  ]);
  const descriptors = new Map([
    [0, stdin],
    [1, stdout],
  ]);
  try {
    await process.spawn({ args: [file], environment, descriptors }).exited;
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    return fail(response, 500, 'Internal Server Error', 'Internal Server Error');
  }
  const [, head = '', body = output] = /^((?:[A-Za-z-]+: .*\r?\n)+)\r?\n([\s\S]*)$/.exec(output) ?? [];
  const headers = head.split(/\r?\n/).filter((line) => line !== '');
  const status = /^Status: (\d+)/i.exec(headers.find((line) => /^status:/i.test(line)) ?? '')?.[1];
  response.writeHead(Number(status ?? 200), [
    ...headers
      .filter((line) => !/^status:/i.test(line))
      .flatMap((line) => [line.replace(/:.*/, ''), line.replace(/^[^:]*: */, '')]),
    'Connection',
    'close',
  ]);
  response.end(bytesOf(body));
}

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { fromBytes } from '../../files/byte-text.ts';
import type { ByteText } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { BrokenPipe } from '../streams.ts';
import { exchange, hostOf, parseURL, portOf, secured } from './exchange.ts';
import { FlagError, type ParsedFlags, parseFlags } from './flags.ts';
import {
  addressOf,
  connectWithin,
  deadline,
  errorWords,
  type NetworkProcess,
  type NetworkProgram,
  withPort,
} from './place.ts';

const usage = `BusyBox v1.36.1 multi-call binary.

Usage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]
	[--post-data STR | --post-file FILE] [-Y on/off]
	[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...
`;
const flagNames = {
  letters: 'cqSsn46',
  valued: 'OoPUYTtp',
  long: {
    spider: '',
    'header=': '',
    'post-data=': '',
    'post-file=': '',
    'no-check-certificate': '',
    quiet: 'q',
    'server-response': 'S',
    continue: 'c',
    'output-document=': 'O',
    'output-file=': 'o',
    'directory-prefix=': 'P',
    'user-agent=': 'U',
    'timeout=': 'T',
    'tries=': 't',
    'proxy=': 'Y',
    'no-verbose': '',
    'no-proxy': '',
    'no-cache': '',
    'connect-timeout=': 'T',
    'read-timeout=': 'T',
    'dns-timeout=': '',
    'waitretry=': '',
    'retry-connrefused': '',
    'method=': '',
    'body-data=': '',
    'max-redirect=': '',
  },
};
const maxRedirects = 5;
const defaultTimeoutSeconds = 900;

/** What goes wrong, in the program's words. */
class WgetError extends Error {}

interface Page {
  readonly response: IncomingMessage;
  readonly stream: Duplex;
  readonly url: URL;
}

/** As busybox has it. */
export const wget: NetworkProgram = async (args, process) => {
  let flags: ParsedFlags;
  try {
    flags = parseFlags(args, flagNames);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    const name = error.flag.replace(/^-+/, '').replace(/=.*/, '');
    const why = error.isMissingValue
      ? `option requires an argument -- '${name}'`
      : error.flag.startsWith('--')
        ? `unrecognized option '${error.flag}'`
        : `invalid option -- '${name}'`;
    process.stderr.write(`wget: ${why}\n${usage}`);
    return 1;
  }
  if (flags.operands.length === 0) {
    process.stderr.write(usage);
    return 1;
  }
  for (const operand of flags.operands) {
    try {
      await download(operand, flags, process);
    } catch (error) {
      if (!(error instanceof WgetError)) throw error;
      process.stderr.write(`wget: ${error.message}\n`);
      return 1;
    }
  }
  return 0;
};

async function download(operand: string, flags: ParsedFlags, process: NetworkProcess): Promise<void> {
  const isQuiet = flags.has('q');
  const say = (text: string): void => {
    if (!isQuiet) process.stderr.write(text);
  };
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(operand)?.[1]?.toLowerCase();
  const url = parseURL(operand);
  if (url === undefined || (scheme !== undefined && scheme !== 'http' && scheme !== 'https'))
    throw new WgetError(`not an http or ftp url: ${operand}`);
  const seconds = Number(flags.value('T') ?? defaultTimeoutSeconds);
  const limit = deadline(process, seconds * 1000);
  try {
    const { response, stream, url: last } = await follow(url, flags, process, say, limit);
    const { status = 0, message = '' } = { status: response.statusCode, message: response.statusMessage };
    if (status >= 300) {
      stream.destroy();
      throw new WgetError(`server returned error: HTTP/${response.httpVersion} ${status} ${message}`);
    }
    if (flags.has('spider')) {
      stream.destroy();
      say('remote file exists\n');
      return;
    }
    await save(response, last, { flags, process, say, hasPassed: limit.hasPassed });
    stream.destroy();
  } catch (error) {
    if (limit.hasPassed()) throw new WgetError('download timed out');
    throw error;
  } finally {
    limit.end();
  }
}

async function follow(
  first: URL,
  flags: ParsedFlags,
  process: NetworkProcess,
  say: (text: string) => void,
  limit: { readonly signal: AbortSignal; readonly hasPassed: () => boolean },
): Promise<Page> {
  let url = first;
  for (let turn = 0; ; turn++) {
    const page = await open(url, flags, process, say, limit);
    const { statusCode = 0, headers } = page.response;
    if (flags.has('S')) process.stderr.write(headerText(page.response));
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return page;
    page.stream.destroy();
    if (turn >= maxRedirects) throw new WgetError('too many redirections');
    url = new URL(headers.location, url);
  }
}

async function open(
  url: URL,
  flags: ParsedFlags,
  process: NetworkProcess,
  say: (text: string) => void,
  limit: { readonly signal: AbortSignal; readonly hasPassed: () => boolean },
): Promise<Page> {
  const [name, port] = [hostOf(url), portOf(url)];
  const ip = await addressOf(name, process);
  if (ip === undefined) throw new WgetError(`bad address '${withoutBrackets(url)}'`);
  say(`Connecting to ${url.host} (${withPort(ip, port)})\n`);
  const isSecure = url.protocol === 'https:';
  try {
    const { stream } = await connectWithin(process, { ip, port }, limit);
    const socket = isSecure
      ? await secured(stream, { servername: servername(name), rejectUnauthorized: false })
      : stream;
    const response = await exchange(socket, requestOf(url, flags, process), limit.signal);
    return { response, stream: socket, url };
  } catch (error) {
    if (limit.hasPassed()) throw new WgetError('download timed out');
    if (error instanceof WgetError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ECONNRESET' || code === 'HPE_INVALID_CONSTANT') throw new WgetError('error getting response');
    throw new WgetError(`can't connect to remote host (${ip}): ${errorWords(error)}`);
  }
}

function withoutBrackets(url: URL): string {
  return url.port === '' ? hostOf(url) : url.host;
}

export function servername(name: string): string {
  return /[a-z]/i.test(name) && !name.includes(':') ? name : '';
}

function requestOf(url: URL, flags: ParsedFlags, { files, cwd }: NetworkProcess) {
  const file = flags.value('post-file');
  const body =
    flags.value('post-data') ??
    flags.value('body-data') ??
    (file === undefined ? undefined : files.read(resolvePath(cwd, file)));
  const own = flags.values('header').map((line): [string, string] => {
    const [name = '', ...rest] = line.split(':');
    return [name, rest.join(':').trim()];
  });
  const isOwn = (name: string): boolean => own.some(([each]) => each.toLowerCase() === name);
  const login = url.username === '' ? [] : [['Authorization', `Basic ${btoa(`${url.username}:${url.password}`)}`]];
  const headers = [
    ...(isOwn('host') ? [] : [['Host', url.host]]),
    ...(isOwn('user-agent') ? [] : [['User-Agent', flags.value('U') ?? 'Wget']]),
    ['Connection', 'close'],
    ...login,
    ...own,
    ...(body === undefined || isOwn('content-type') ? [] : [['Content-Type', 'application/x-www-form-urlencoded']]),
    ...(body === undefined ? [] : [['Content-Length', String(body.length)]]),
  ] as [string, string][];
  const method = flags.value('method') ?? (body !== undefined ? 'POST' : flags.has('spider') ? 'HEAD' : 'GET');
  return { url, method, headers, ...(body === undefined ? {} : { body }) };
}

function headerText({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  let text = `  HTTP/${httpVersion} ${statusCode} ${statusMessage}\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) text += `  ${rawHeaders[at]}: ${rawHeaders[at + 1]}\n`;
  return `${text}  \n`;
}

interface Saving {
  readonly flags: ParsedFlags;
  readonly process: NetworkProcess;
  readonly say: (text: string) => void;
  readonly hasPassed: () => boolean;
}

async function save(response: IncomingMessage, url: URL, { flags, process, say, hasPassed }: Saving): Promise<void> {
  const { files, cwd, stdout } = process;
  const own = flags.value('O');
  const name = own ?? (url.pathname.split('/').at(-1) || 'index.html');
  const isStdout = own === '-';
  const path = resolvePath(cwd, own === undefined && flags.has('P') ? `${flags.value('P')}/${name}` : name);
  if (own === undefined && files.stat(path) !== undefined) {
    response.destroy();
    throw new WgetError(`can't open '${name}': File exists`);
  }
  if (!isStdout) writeFile(files, path, '', name);
  say(isStdout ? 'writing to stdout\n' : `saving to '${name}'\n`);
  let size = 0;
  try {
    for await (const bytes of response) {
      const text = fromBytes(bytes as Buffer);
      size += text.length;
      if (isStdout) {
        stdout.write(text);
        await stdout.drained();
      } else files.write(path, text, { append: true });
    }
  } catch (error) {
    if (error instanceof BrokenPipe) throw error;
    if (hasPassed()) throw new WgetError('download timed out');
    throw new WgetError(errorWords(error));
  }
  say(`${meter(name, size)}${isStdout ? 'written to stdout' : `'${name}' saved`}\n`);
}

function writeFile(files: NetworkProcess['files'], path: string, text: ByteText, name: string): void {
  try {
    files.write(path, text);
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'EROFS'
        ? 'Read-only file system'
        : 'No such file or directory';
    throw new WgetError(`can't open '${name}': ${why}`);
  }
}

/** The bar as it stands at the end. */
function meter(name: string, size: number): string {
  const amount = size < 100_000 ? String(size) : `${Math.round(size / 1024)}k`;
  return `${name.slice(0, 20).padEnd(20)} 100% |${'*'.repeat(32)}| ${amount.padStart(5)}  0:00:00 ETA\n`;
}

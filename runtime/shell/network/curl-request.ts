import type { ByteText } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { CurlError } from './curl-options.ts';
import type { HttpRequest } from './exchange.ts';
import type { ParsedFlags } from './flags.ts';
import type { NetworkProcess } from './place.ts';

export const curlVersion = '8.14.1';

async function dataOf(text: string, process: NetworkProcess, isBinary: boolean): Promise<ByteText> {
  if (!text.startsWith('@')) return text;
  const read = await fileText(text.slice(1), process);
  return isBinary ? read : read.replaceAll(/[\r\n]/g, '');
}

export async function fileText(name: string, { files, cwd, stdin, stderr }: NetworkProcess): Promise<ByteText> {
  if (name === '-') return stdin.rest();
  const text = files.read(resolvePath(cwd, name));
  if (text === undefined) stderr.write(`Warning: Couldn't read data from file "${name}", this makes an empty POST.\n`);
  return text ?? '';
}

async function formOf(flags: ParsedFlags, process: NetworkProcess, boundary: string): Promise<ByteText> {
  let body = '';
  for (const field of flags.values('F')) {
    const [name = '', ...rest] = field.split('=');
    const [value = '', ...attributes] = rest.join('=').split(';');
    const isFile = /^[@<]/.test(value);
    const path = value.slice(1);
    const found = isFile ? process.files.read(resolvePath(process.cwd, path)) : value;
    if (found === undefined) throw new CurlError(26, `Failed to open/read local data from file/application`);
    const type = attributes.find((each) => each.startsWith('type='))?.slice(5);
    const filename = value.startsWith('@') ? `; filename="${path.slice(path.lastIndexOf('/') + 1)}"` : '';
    const contentType = type ?? (filename === '' ? undefined : 'application/octet-stream');
    const typeLine = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
    body += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n${typeLine}\r\n${found}\r\n`;
  }
  return `${body}--${boundary}--\r\n`;
}

interface Body {
  readonly text: ByteText | undefined;
  readonly contentType?: string;
  readonly method: string;
}

async function bodyOf(flags: ParsedFlags, process: NetworkProcess): Promise<Body> {
  const parts: ByteText[] = [];
  for (const value of flags.values('d')) parts.push(await dataOf(value, process, false));
  for (const value of flags.values('data-binary')) parts.push(await dataOf(value, process, true));
  parts.push(...flags.values('data-raw'));
  for (const value of flags.values('data-urlencode')) {
    const [, name = '', text = ''] = /^([^=@]*=)?(.*)$/s.exec(value) ?? [];
    parts.push(name.replace(/^=$/, '') + encodeURIComponent(text));
  }
  const json = flags.value('json');
  if (json !== undefined)
    return { text: await dataOf(json, process, true), contentType: 'application/json', method: 'POST' };
  if (flags.has('F')) {
    const boundary = `------------------------${process.random.uuid().replaceAll('-', '').slice(0, 22)}`;
    const contentType = `multipart/form-data; boundary=${boundary}`;
    return { text: await formOf(flags, process, boundary), contentType, method: 'POST' };
  }
  const upload = flags.value('T');
  if (upload !== undefined) return { text: await fileText(upload, process), method: 'PUT' };
  if (parts.length === 0) return { text: undefined, method: flags.has('I') ? 'HEAD' : 'GET' };
  const text = parts.join('&');
  return { text, contentType: 'application/x-www-form-urlencoded', method: 'POST' };
}

/** What is to be sent to a URL. */
export async function requestFor(url: URL, flags: ParsedFlags, process: NetworkProcess): Promise<HttpRequest> {
  const body = await bodyOf(flags, process);
  const isQuery = flags.has('G');
  const target = new URL(url);
  if (isQuery && body.text !== undefined) target.search = [target.search.slice(1), body.text].filter(Boolean).join('&');
  const text = isQuery ? undefined : body.text;
  const own = (await ownHeaders(flags, process)).map(splitHeader);
  const login = flags.value('u') ?? (url.username === '' ? undefined : `${url.username}:${url.password}`);
  const bearer = flags.value('oauth2-bearer');
  const defaults: [string, string | undefined][] = [
    ['Host', url.host],
    ['Authorization', login === undefined ? undefined : `Basic ${btoa(decodeURIComponent(login))}`],
    ['Authorization', bearer === undefined ? undefined : `Bearer ${bearer}`],
    ['User-Agent', flags.value('A') ?? `curl/${curlVersion}`],
    ['Accept', flags.has('json') ? 'application/json' : '*/*'],
    ['Referer', flags.value('e')],
    ['Cookie', flags.value('b')],
    ['Range', flags.has('r') ? `bytes=${flags.value('r')}` : undefined],
    ['Accept-Encoding', undefined],
  ];
  const isOwn = (name: string): boolean => own.some((header) => header.name.toLowerCase() === name.toLowerCase());
  const contentType = body.contentType;
  const headers = [
    ...defaults.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '' && !isOwn(pair[0])),
    ...own.filter(({ value }) => value !== undefined).map(({ name, value = '' }): [string, string] => [name, value]),
    ...(text === undefined || isOwn('Content-Length') ? [] : [['Content-Length', String(text.length)] as const]),
    ...(text === undefined || contentType === undefined || isOwn('Content-Type')
      ? []
      : [['Content-Type', contentType] as const]),
  ];
  const method = flags.value('X') ?? (isQuery ? 'GET' : body.method);
  return { url: target, method, headers, ...(text === undefined ? {} : { body: text }) };
}

async function ownHeaders(flags: ParsedFlags, process: NetworkProcess): Promise<string[]> {
  const lines: string[] = [];
  for (const value of flags.values('H')) {
    if (value.startsWith('@')) lines.push(...(await fileText(value.slice(1), process)).split(/\r?\n/));
    else lines.push(value);
  }
  return lines.filter((line) => /[:;]/.test(line));
}

/** `Name: value`; `Name:` takes a header away, `Name;` sends it empty. */
function splitHeader(line: string): { readonly name: string; readonly value: string | undefined } {
  const [, name = line, mark = ':', value = ''] = /^([^:;]+)([:;])\s*(.*)$/s.exec(line) ?? [];
  if (mark === ';') return { name, value: '' };
  return { name, value: value === '' ? undefined : value };
}

import type { IncomingMessage } from 'node:http';
import { fromBytes } from '../../files/byte-text.ts';
import { resolvePath } from '../../files/path.ts';
import { BrokenPipe, nothing, type Writer } from '../streams.ts';
import { CurlError } from './curl-options.ts';
import { type Transfer, timedOut } from './curl-transfer.ts';
import type { HttpRequest } from './exchange.ts';

function headerText({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage, prefix: string): string {
  let text = `${prefix}HTTP/${httpVersion} ${statusCode} ${statusMessage}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) text += `${prefix}${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return `${text}${prefix}\r\n`;
}

export async function receive(
  response: IncomingMessage,
  request: HttpRequest,
  transfer: Transfer,
  isPassing: boolean,
): Promise<void> {
  const { flags, facts, say } = transfer;
  const headers = headerText(response, '');
  say(headerText(response, '< '));
  const status = response.statusCode ?? 0;
  const isFailure = flags.has('f') && status >= 400;
  const output = outputOf(transfer);
  if (!isFailure && (flags.has('i') || flags.has('I'))) output.write(headers);
  const dump = flags.value('D');
  if (dump !== undefined) outputOf(transfer, dump).write(headers);
  const received = isFailure ? 0 : await copyBody(response, isPassing ? nothing : output, transfer);
  facts['size_download'] = String(received);
  facts['size_header'] = String(headers.length);
  if (!flags.has('s') && !flags.has('no-progress-meter') && !isPassing) meter(received, request, transfer);
  if (isFailure || (flags.has('fail-with-body') && status >= 400))
    throw new CurlError(22, `The requested URL returned error: ${status}`);
}

async function copyBody(response: IncomingMessage, output: Writer, { limit, ...transfer }: Transfer): Promise<number> {
  let received = 0;
  try {
    for await (const bytes of response) {
      const text = fromBytes(bytes as Buffer);
      received += text.length;
      output.write(text);
      await output.drained();
    }
  } catch (error) {
    if (error instanceof CurlError || error instanceof BrokenPipe) throw error;
    if (limit.hasPassed()) throw timedOut({ limit, ...transfer }, received);
    const left = Number(response.headers['content-length'] ?? 0) - received;
    const why =
      left > 0 ? `end of response with ${left} bytes missing` : 'transfer closed with outstanding read data remaining';
    throw new CurlError(18, why);
  }
  // A file is there even when nothing was sent.
  if (received === 0) output.write('');
  return received;
}

/** Standard output, or the file that stands for this URL. */
function outputOf({ flags, process, index, facts }: Transfer, named?: string): Writer {
  const { files, cwd, stdout } = process;
  const last =
    facts['url']
      ?.replace(/[?#].*$/, '')
      .split('/')
      .at(-1) ?? '';
  const name = named ?? flags.values('o')[index] ?? (flags.has('O') ? last : undefined);
  if (name === undefined || name === '-') return stdout;
  if (name === '/dev/null') return nothing;
  if (name === '/dev/stderr') return process.stderr;
  if (name === '/dev/stdout') return stdout;
  const path = resolvePath(cwd, name);
  let isNew = true;
  return {
    write: (text) => {
      try {
        files.write(path, text, { append: !isNew });
        isNew = false;
      } catch {
        throw new CurlError(23, `Failure writing output to destination, passed ${text.length} returned 0`);
      }
    },
    drained: () => undefined,
  };
}

/** The table that stands on a terminal while it works, as it is at the end; not shown where the page itself is on one. */
function meter(received: number, { body = '' }: HttpRequest, { process, startedAt, flags, index }: Transfer): void {
  const isFile = flags.values('o')[index] !== undefined || flags.has('O');
  if (!isFile && process.descriptors.get(1)?.channel.terminal !== undefined) return;
  const seconds = Math.max(1, process.clock.now() - startedAt) / 1000;
  const speed = String(Math.round(received / seconds));
  const total = received + body.length;
  const cell = (value: number): string => String(value).padStart(5);
  const percent = (value: number): string => String(value === 0 ? 0 : 100).padStart(3);
  process.stderr.write(
    `  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\r${percent(total)} ${cell(total)}  ${percent(received)} ${cell(received)}  ${percent(body.length)} ${cell(body.length)} ${speed.padStart(6)} ${String(Math.round(body.length / seconds)).padStart(6)} --:--:-- --:--:-- --:--:-- ${speed.padStart(5)}\n`,
  );
}

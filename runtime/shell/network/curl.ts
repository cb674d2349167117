import { sleep } from '../../client/sleep.ts';
import { send } from './curl-connection.ts';
import { CurlError, parseCurl, writeOut } from './curl-options.ts';
import { receive } from './curl-output.ts';
import { curlVersion, requestFor } from './curl-request.ts';
import type { Transfer } from './curl-transfer.ts';
import { type HttpRequest, parseURL } from './exchange.ts';
import type { ParsedFlags } from './flags.ts';
import { deadline, type NetworkProcess, type NetworkProgram } from './place.ts';

const maxRedirects = 50;
const redirects = new Set([301, 302, 303, 307, 308]);
const maxRetryDelayMs = 600_000;
const transient = new Set([408, 429, 500, 502, 503, 504]);

export const curl: NetworkProgram = async (args, process) => {
  const flags = parseCurl(args);
  const { stderr, stdout } = process;
  if (typeof flags === 'string') {
    stderr.write(flags);
    return 2;
  }
  if (flags.has('V')) {
    stdout.write(`curl ${curlVersion} (kubefacade) libcurl/${curlVersion}\nProtocols: http https\n`);
    return 0;
  }
  const operands = [...flags.values('url'), ...flags.operands];
  if (operands.length === 0) {
    stderr.write(`curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n`);
    return 2;
  }
  let code = 0;
  for (const [index, operand] of operands.entries()) code = await withRetries(operand, index, flags, process);
  return code;
};

async function withRetries(
  operand: string,
  index: number,
  flags: ParsedFlags,
  process: NetworkProcess,
): Promise<number> {
  const retries = Number(flags.value('retry') ?? 0);
  const fixedDelay = flags.value('retry-delay');
  const until = process.clock.now() + Number(flags.value('retry-max-time') ?? 'Infinity') * 1000;
  let delayMs = 1000;
  for (let attempt = 0; ; attempt++) {
    const outcome = await transferOnce(operand, index, flags, process);
    const isOver = attempt >= retries || process.clock.now() >= until || process.killed.aborted;
    if (isOver || !isWorthAnother(outcome, flags)) return outcome.code;
    const pause = fixedDelay === undefined ? delayMs : Number(fixedDelay) * 1000;
    if (!flags.has('s')) process.stderr.write(retryText(outcome.code, pause, retries - attempt));
    await sleep(process.clock, pause, process.killed);
    delayMs = Math.min(delayMs * 2, maxRetryDelayMs);
  }
}

interface Outcome {
  readonly code: number;
  readonly status: number;
}

function isWorthAnother({ code, status }: Outcome, flags: ParsedFlags): boolean {
  if (code === 28 || code === 6 || transient.has(status)) return true;
  return (code === 7 && flags.has('retry-connrefused')) || (code !== 0 && flags.has('retry-all-errors'));
}

function retryText(code: number, pauseMs: number, left: number): string {
  const problem = code === 0 || code === 22 ? 'HTTP error' : code === 28 ? 'timeout' : 'connection refused';
  const seconds = Math.ceil(pauseMs / 1000);
  return `Warning: Problem: ${problem}. Will retry in ${seconds} second${seconds === 1 ? '' : 's'}. ${left} ${left === 1 ? 'retry' : 'retries'} left.\n`;
}

async function transferOnce(
  operand: string,
  index: number,
  flags: ParsedFlags,
  process: NetworkProcess,
): Promise<Outcome> {
  const maxTime = flags.value('m');
  const limit = deadline(process, maxTime === undefined ? undefined : Number(maxTime) * 1000);
  const startedAt = process.clock.now();
  const facts: Record<string, string> = { http_code: '000', response_code: '000', num_redirects: '0', url: operand };
  const isVerbose = flags.has('v');
  const say = (text: string): void => {
    if (isVerbose) process.stderr.write(text);
  };
  let code = 0;
  try {
    await fetchURL(operand, { flags, process, index, startedAt, limit, facts, say });
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    ({ code } = error);
    if (!flags.has('s') || flags.has('S')) process.stderr.write(`curl: (${code}) ${error.message}\n`);
  } finally {
    limit.end();
  }
  const format = flags.value('w');
  if (format !== undefined) {
    const elapsed = ((process.clock.now() - startedAt) / 1000).toFixed(6);
    const times = { time_total: elapsed, time_starttransfer: elapsed, time_connect: elapsed, time_namelookup: elapsed };
    process.stdout.write(writeOut(format, { ...times, exitcode: String(code), ...facts }));
  }
  return { code, status: Number(facts['http_code']) };
}

async function fetchURL(operand: string, transfer: Transfer): Promise<void> {
  const { flags, process, facts } = transfer;
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(operand)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    throw new CurlError(1, `Protocol "${scheme}" not supported`);
  const first = parseURL(operand);
  if (first === undefined) throw new CurlError(3, 'URL rejected: Malformed input to a URL function');
  let request = await requestFor(first, flags, process);
  const maxRedirs = Number(flags.value('max-redirs') ?? maxRedirects);
  for (let turn = 0; ; turn++) {
    const { response, stream } = await send(request, transfer);
    const status = response.statusCode ?? 0;
    Object.assign(facts, {
      http_code: String(status).padStart(3, '0'),
      response_code: String(status).padStart(3, '0'),
      url_effective: String(request.url),
      content_type: response.headers['content-type'] ?? '',
      http_version: response.httpVersion,
      num_redirects: String(turn),
      scheme: request.url.protocol.replace(':', ''),
    });
    const { location } = response.headers;
    const next = location === undefined || !redirects.has(status) ? undefined : new URL(location, request.url);
    facts['redirect_url'] = next === undefined ? '' : String(next);
    try {
      await receive(response, request, transfer, flags.has('L') && next !== undefined);
    } finally {
      stream.destroy();
    }
    if (!flags.has('L') || next === undefined) return;
    if (turn >= maxRedirs) throw new CurlError(47, `Maximum (${maxRedirs}) redirects followed`);
    request = redirected(request, next, status, flags);
  }
}

/** After 301, 302 and 303 a POST becomes a GET; other hosts are not told of one's login. */
function redirected(request: HttpRequest, url: URL, status: number, flags: ParsedFlags): HttpRequest {
  const isSame = url.host === request.url.host;
  const becomesGet = status === 303 || (status < 303 && request.method === 'POST' && !flags.has('X'));
  const dropped = new Set(becomesGet ? ['content-length', 'content-type'] : []);
  if (!isSame) dropped.add('authorization').add('cookie');
  const headers = request.headers
    .filter(([name]) => !dropped.has(name.toLowerCase()))
    .map(([name, value]): readonly [string, string] => (name === 'Host' ? [name, url.host] : [name, value]));
  const { body, method } = request;
  if (becomesGet) return { url, method: method === 'HEAD' ? 'HEAD' : 'GET', headers };
  return { url, method, headers, ...(body === undefined ? {} : { body }) };
}

import { sleep } from '../../client/sleep.ts';
import { FlagError, type ParsedFlags, parseFlags } from './flags.ts';
import { addressOf, codeOf, connectWithin, deadline, type NetworkProcess, type NetworkProgram } from './place.ts';

/** Nobody listens at discard's neighbour, echo: a refusal says that the address is there, as an echo reply does. */
const echoPort = 7;
const headerLength = 8;
const ttlOfNeighbours = 62;

/** Whether an address answers, and after how long. */
async function answers(ip: string, process: NetworkProcess, waitMs: number): Promise<number | undefined> {
  const startedAt = process.clock.now();
  const limit = deadline(process, waitMs);
  try {
    (await connectWithin(process, { ip, port: echoPort }, limit)).stream.destroy();
  } catch (error) {
    if (codeOf(error) !== 'ECONNREFUSED') return undefined;
  } finally {
    limit.end();
  }
  // The network of one process takes less time than its clock tells.
  return Math.max(0.04, process.clock.now() - startedAt) + process.random.next() * 0.05;
}

const usage = 'BusyBox v1.36.1 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n';

export const ping: NetworkProgram = async (args, process) => {
  const { stderr } = process;
  let flags: ParsedFlags;
  try {
    flags = parseFlags(args, { letters: '46Aqnvfb', valued: 'csitIWwp' });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    const why = error.isMissingValue ? 'option requires an argument' : 'invalid option';
    stderr.write(`ping: ${why} -- '${error.flag.replace(/^-/, '')}'\n${usage}`);
    return 1;
  }
  const [host] = flags.operands;
  if (host === undefined) {
    stderr.write(usage);
    return 1;
  }
  const family = flags.has('6') ? 6 : flags.has('4') ? 4 : undefined;
  const ip = await addressOf(host, process, family === undefined ? {} : { family });
  if (ip === undefined) {
    stderr.write(`ping: bad address '${host}'\n`);
    return 1;
  }
  return echo({ host, ip }, flags, process);
};

async function echo(
  { host, ip }: { readonly host: string; readonly ip: string },
  flags: ParsedFlags,
  process: NetworkProcess,
): Promise<number> {
  const { stdout, clock, killed, network, onSignal } = process;
  const interrupted = new AbortController();
  onSignal('INT', () => interrupted.abort());
  const over = AbortSignal.any([killed, interrupted.signal]);
  const numberOf = (name: string, fallback: number): number => Number(flags.value(name) ?? fallback);
  const size = numberOf('s', 56);
  const count = numberOf('c', Number.POSITIVE_INFINITY);
  const until = clock.now() + numberOf('w', Number.POSITIVE_INFINITY) * 1000;
  const left = (most: number): number => Math.min(most, Math.max(0, until - clock.now()));
  const ttl = network.ips.includes(ip) || ip.startsWith('127.') ? 64 : ttlOfNeighbours;
  stdout.write(`PING ${host} (${ip}): ${size} data bytes\n`);
  const times: number[] = [];
  let sent = 0;
  while (sent < count && clock.now() < until && !over.aborted) {
    const ms = await answers(ip, process, left(numberOf('W', 10) * 1000));
    if (ms !== undefined) times.push(ms);
    if (ms !== undefined && !flags.has('q'))
      stdout.write(`${size + headerLength} bytes from ${ip}: seq=${sent} ttl=${ttl} time=${ms.toFixed(3)} ms\n`);
    sent++;
    if (sent < count) await sleep(clock, left(numberOf('i', 1) * 1000), over);
  }
  stdout.write(summary(host, sent, times));
  return times.length > 0 ? 0 : 1;
}

function summary(host: string, sent: number, times: readonly number[]): string {
  const lost = sent === 0 ? 0 : Math.floor(((sent - times.length) * 100) / sent);
  const text = `\n--- ${host} ping statistics ---\n${sent} packets transmitted, ${times.length} packets received, ${lost}% packet loss\n`;
  if (times.length === 0) return text;
  const average = times.reduce((sum, each) => sum + each, 0) / times.length;
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return `${text}round-trip min/avg/max = ${least.toFixed(3)}/${average.toFixed(3)}/${most.toFixed(3)} ms\n`;
}

/** The gateway of the pod's network, then whoever was meant. */
export const traceroute: NetworkProgram = async (args, process) => {
  const { stdout, stderr, network } = process;
  const flags = parseFlags(args, { letters: '46FIlnrv', valued: 'fgimpqstwz' });
  const [host] = flags.operands;
  const ip = host === undefined ? undefined : await addressOf(host, process);
  if (host === undefined || ip === undefined) {
    stderr.write(`traceroute: bad address '${host ?? ''}'\n`);
    return 1;
  }
  const maxHops = Number(flags.value('m') ?? 30);
  stdout.write(`traceroute to ${host} (${ip}), ${maxHops} hops max, 46 byte packets\n`);
  const waitMs = Number(flags.value('w') ?? 5) * 1000;
  const own = network.ips.find((each) => each.includes(':') === ip.includes(':')) ?? '';
  const isNear = network.ips.includes(ip) || ip.startsWith('127.');
  let hop = 1;
  const line = (address: string, ms: number): void => {
    const name = flags.has('n') ? address : `${address} (${address})`;
    stdout.write(
      `${String(hop++).padStart(2)}  ${name}  ${ms.toFixed(3)} ms  ${(ms * 0.8).toFixed(3)} ms  ${(ms * 0.7).toFixed(3)} ms\n`,
    );
  };
  if (!isNear && own !== '') line(own.replace(/[^.:]+$/, '1'), 0.03);
  const ms = await answers(ip, process, waitMs);
  if (ms !== undefined) {
    line(ip, ms);
    return 0;
  }
  for (; hop <= maxHops && !process.killed.aborted; hop++) stdout.write(`${String(hop).padStart(2)}  *  *  *\n`);
  return 0;
};

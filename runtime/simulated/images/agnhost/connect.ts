import { sleep } from '../../../client/sleep.ts';
import { type Address, NetworkError, type Protocol } from '../../../network/network.ts';
import type { ProgramContext } from '../../process.ts';
import { hostPort } from '../go-command.ts';
import { LookupError, resolveAddress, splitHostPort } from '../resolve.ts';
import type { CommandProgram } from './command.ts';

const foreverMs = 127_000;

/** Says in a fixed word why a connection cannot be had. */
export const connect: CommandProgram = async (context, flags) => {
  const { stderr } = context;
  const [target = ''] = flags.rest;
  const protocol = flags.text('protocol') || 'tcp';
  const timeoutMs = flags.number('timeout') || foreverMs;
  const fail = (text: string): number => {
    stderr.write(`${text}\n`);
    return 1;
  };
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) return fail(`Unsupported protocol\n${protocol}`);
  const parts = splitHostPort(target);
  if (parts === undefined) return fail(`UNKNOWN: address ${target}: missing port in address`);
  let to: Address;
  try {
    to = await resolveAddress(context, parts.host, parts.port);
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    return fail(`DNS: ${error.message}`);
  }
  if (protocol === 'udp') return (await datagramProblem(context, to, flags.text('udp-data'), timeoutMs, fail)) ?? 0;
  const kind: Protocol = protocol === 'sctp' ? 'SCTP' : 'TCP';
  try {
    const { stream } = await context.network.connect(to, { signal: context.killed, timeoutMs, protocol: kind });
    stream.destroy();
    return 0;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.code === 'ETIMEDOUT') return fail('TIMEOUT');
    if (error.code === 'ECONNREFUSED') return fail(kind === 'TCP' ? 'REFUSED' : 'OTHER: connection refused');
    return fail(
      `OTHER: dial ${protocol} ${hostPort(to)}: connect: ${error.code === 'EHOSTUNREACH' ? 'no route to host' : error.message}`,
    );
  }
};

/** Undefined: an answer came. */
async function datagramProblem(
  { network, clock, killed }: ProgramContext,
  to: Address,
  data: string,
  timeoutMs: number,
  fail: (text: string) => number,
): Promise<number | undefined> {
  const done = new AbortController();
  let outcome: 'none' | 'answered' | 'refused' = 'none' as 'none' | 'answered' | 'refused';
  const finish = (how: typeof outcome): void => {
    outcome = how;
    done.abort();
  };
  const socket = network.bind(0, () => finish('answered'), { onUnreachable: () => finish('refused') });
  socket.send(to, Buffer.from(`${data}\n`));
  await sleep(clock, timeoutMs, AbortSignal.any([done.signal, killed]));
  socket.close();
  const way = `read udp ${hostPort({ ip: network.ips[0] ?? '', port: socket.port })}->${hostPort(to)}`;
  if (outcome === 'refused') return fail(`REFUSED: ${way}: read: connection refused`);
  return outcome === 'answered' ? undefined : fail(`TIMEOUT: ${way}: i/o timeout`);
}

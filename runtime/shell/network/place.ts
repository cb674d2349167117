import type { Connection } from '../../network/network.ts';
import { LookupError, type LookupPlace, lookup } from '../../network/resolve.ts';
import type { Program, ProgramContext } from '../../processes/program.ts';

/** What of a process the tools use. */
export type NetworkProcess = Pick<
  ProgramContext,
  | 'clock'
  | 'random'
  | 'files'
  | 'network'
  | 'killed'
  | 'cwd'
  | 'stdin'
  | 'stdout'
  | 'stderr'
  | 'environment'
  | 'facts'
  | 'spawn'
  | 'descriptors'
  | 'onSignal'
  | 'user'
>;

/** `args` without the program's name. */
export type NetworkProgram = (args: readonly string[], process: NetworkProcess) => Promise<number> | number;

/** A program that is loaded when it first runs. */
export function networkProgram(load: () => Promise<NetworkProgram>): Program {
  return async (context) => (await load())(context.args.slice(1), context);
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'Connection timed out',
  EADDRINUSE: 'Address already in use',
  EPIPE: 'Broken pipe',
};

/** The system's words for what went wrong. */
export function errorWords(error: unknown): string {
  const code = codeOf(error);
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The first address of a name; undefined where it has none. */
export async function addressOf(
  name: string,
  place: LookupPlace,
  options: { readonly family?: 4 | 6 } = {},
): Promise<string | undefined> {
  try {
    const ips = await lookup(name, place, options);
    // Pods have IPv4 at least: with both, that is what answers.
    return ips.find((ip) => !ip.includes(':')) ?? ips[0];
  } catch (error) {
    if (error instanceof LookupError) return undefined;
    throw error;
  }
}

/** `signal` that aborts with the process or after a time; `end` gives the timer back. */
export function deadline(
  { clock, killed }: Pick<ProgramContext, 'clock' | 'killed'>,
  ms: number | undefined,
): { readonly signal: AbortSignal; readonly hasPassed: () => boolean; end(): void } {
  if (ms === undefined) return { signal: killed, hasPassed: () => false, end: () => undefined };
  const passed = new AbortController();
  const timer = clock.after(ms, () => passed.abort());
  return {
    signal: AbortSignal.any([killed, passed.signal]),
    hasPassed: () => passed.signal.aborted,
    end: () => timer.cancel(),
  };
}

/** What `connect` throws when its time is over, whoever says so first. */
export async function connectWithin(
  { network }: NetworkProcess,
  to: { readonly ip: string; readonly port: number },
  limit: { readonly signal: AbortSignal },
): Promise<Connection> {
  const { signal } = limit;
  const attempt = network.connect(to, { signal });
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([attempt, aborted]);
  } catch (error) {
    void attempt.then(
      ({ stream }) => stream.destroy(),
      () => undefined,
    );
    throw signal.aborted ? Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }) : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** `host:port`, `[::1]:port`. */
export function withPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

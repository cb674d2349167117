import type { Duplex } from 'node:stream';
import type { Clock } from '../../../api/clock.ts';
import { type SpdyStream, serveSpdy } from '../spdy/connection.ts';
import { type Forward, forwardError, join, portProblem } from './forwarding.ts';

const creationTimeoutMs = 30_000;

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
  readonly timer: { cancel(): void };
}

/** Port forwarding over SPDY/3.1: each connection is a pair of streams, one for its data and one for what goes wrong. */
export function forwardSpdy(transport: Duplex, pod: string, forward: Forward, clock: Clock): void {
  const pairs = new Map<string, Pair>();
  const pairOf = (id: string): Pair => {
    const known = pairs.get(id);
    if (known !== undefined) return known;
    const timer = clock.after(creationTimeoutMs, () => {
      const { data, error } = pairs.get(id) ?? {};
      pairs.delete(id);
      error?.duplex.end(`(request=${id}) timed out waiting for streams`);
      data?.duplex.destroy();
    });
    const pair: Pair = { timer };
    pairs.set(id, pair);
    return pair;
  };
  const connection = serveSpdy(transport, clock, (stream) => {
    const { streamtype: kind, port = '' } = stream.headers;
    if (portProblem(port) !== undefined || (kind !== 'data' && kind !== 'error')) return false;
    const id = requestIdOf(stream);
    const pair = pairOf(id);
    if (pair[kind] !== undefined) return false;
    pair[kind] = stream;
    const { data, error } = pair;
    if (data === undefined || error === undefined) return true;
    pairs.delete(id);
    pair.timer.cancel();
    void carry(forward, pod, data.duplex, error.duplex, Number(data.headers['port']));
    return true;
  });
  void connection.closed.then(() => {
    for (const { timer } of pairs.values()) timer.cancel();
    pairs.clear();
  });
}

/** Clients of old do not number their connections: their streams come in order. */
function requestIdOf({ id, headers }: SpdyStream): string {
  const { requestid = '' } = headers;
  if (requestid !== '') return requestid;
  return String(headers['streamtype'] === 'data' ? id - 2 : id);
}

async function carry(forward: Forward, pod: string, data: Duplex, error: Duplex, port: number): Promise<void> {
  try {
    const far = await forward(port);
    if (data.destroyed) {
      far.destroy();
      return;
    }
    await join(data, far);
    error.end();
  } catch (cause) {
    error.end(forwardError(port, pod, cause));
    data.destroy();
  } finally {
    error.resume();
  }
}

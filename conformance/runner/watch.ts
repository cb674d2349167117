import type { Connection } from '../tables-runner/connection.ts';
import { valueAt } from '../tables-runner/path.ts';
import { CaseFailure, type Exchange } from './case.ts';

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
  at(path: string): unknown;
}

export interface WatchOptions {
  /** Runs once the watch is open. */
  readonly during?: () => Promise<void>;
  /** Types of the events that must come, in order; or a question asked after each. Absent: until the server ends the stream. */
  readonly until?: readonly string[] | ((events: readonly WatchEvent[]) => boolean);
  readonly headers?: Readonly<Record<string, string>>;
  readonly unstable?: boolean;
}

const patienceMs = 15_000;

function toEvent(line: string): WatchEvent {
  const { type, object } = JSON.parse(line) as { type: string; object: unknown };
  return { type, object, at: (path) => valueAt(object, path) };
}

/** Bookmarks come when the server likes; they count only for questions. */
function typesOf(events: readonly WatchEvent[]): string[] {
  return events.map(({ type }) => type).filter((type) => type !== 'BOOKMARK');
}

export async function watchEvents(
  connection: Connection,
  path: string,
  { during, until, headers = {}, unstable = false }: WatchOptions,
): Promise<{ events: WatchEvent[]; exchange: Exchange }> {
  const stream = await connection.stream({ method: 'GET', path, headers });
  if (stream.status !== 200) {
    stream.cancel();
    throw new CaseFailure(`watch ${path}: expected 200, got ${stream.status}`);
  }
  const events: WatchEvent[] = [];
  const isEnough = (): boolean => {
    if (until === undefined) return false;
    return typeof until === 'function' ? until(events) : typesOf(events).length >= until.length;
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stream.cancel();
  }, patienceMs);
  const read = async (): Promise<void> => {
    let rest = '';
    for await (const chunk of stream.chunks) {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        events.push(toEvent(line));
        if (isEnough()) return;
      }
    }
  };
  try {
    await Promise.all([read(), during?.()]);
  } catch (error) {
    if (!late) throw error;
  } finally {
    clearTimeout(timer);
    stream.cancel();
  }
  if (until === undefined && late) throw new CaseFailure(`watch ${path}: not ended within ${patienceMs / 1000} s`);
  const came = typesOf(events).join(' ');
  if (until !== undefined && !isEnough()) throw new CaseFailure(`watch ${path}: not enough events came: ${came}`);
  if (Array.isArray(until) && came !== until.join(' '))
    throw new CaseFailure(`watch ${path}: expected ${until.join(' ')}, got ${came}`);
  const exchange: Exchange = {
    method: 'GET',
    path,
    requestType: '',
    accept: headers['Accept'] ?? '',
    status: stream.status,
    contentType: stream.contentType,
    warnings: [],
    body: events.filter(({ type }) => type !== 'BOOKMARK').map(({ type, object }) => ({ type, object })),
    unstable,
    statusAsserted: true,
    bodyAsserted: until !== undefined || events.length > 0,
  };
  return { events, exchange };
}

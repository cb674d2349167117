import { Readable } from 'node:stream';
import type { LogOptions } from '../../../api/streams/node-connection.ts';
import type { LogBuffer, LogEntry } from './log-buffer.ts';

/** One push of a reader: slow readers hold no more than this and their place. */
const pieceBytes = 64 * 1024;

/** RFC 3339 with nine decimals, as log lines are stamped. */
export function logTime(ms: number): string {
  const whole = Math.floor(ms);
  const nanoseconds = Math.min(999_999, Math.round((ms - whole) * 1000) * 1000);
  return `${new Date(whole).toISOString().slice(0, 23)}${String(nanoseconds).padStart(6, '0')}Z`;
}

function sinceOf({ sinceSeconds, sinceTime }: LogOptions, now: number): number {
  const seconds = sinceSeconds === undefined ? 0 : now - sinceSeconds * 1000;
  const time = sinceTime === undefined ? 0 : Date.parse(sinceTime);
  return Math.max(seconds, Number.isNaN(time) ? 0 : time + microsecondsOf(sinceTime ?? ''));
}

/** `Date` reads milliseconds only. */
function microsecondsOf(time: string): number {
  const [, digits = ''] = /\.\d{3}(\d{1,6})/.exec(time) ?? [];
  return digits === '' ? 0 : Number(`0.${digits}`);
}

/** Reads a log as asked. A follower ends when the container does; who falls behind what is kept goes on with the oldest that is left. */
export function readLog(buffer: LogBuffer, options: LogOptions, now: number, signal: AbortSignal): Readable {
  const { follow, timestamps, tailLines, limitBytes, stream = 'All' } = options;
  const since = sinceOf(options, now);
  const wanted = stream.toLowerCase();
  let at = tailLines === undefined ? 0 : buffer.tail(tailLines);
  // Without following, lines that come while reading do not count.
  const last = follow ? Number.POSITIVE_INFINITY : buffer.next;
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  let isLineStart = true;
  let unfollow: (() => void) | undefined;

  const textOf = ({ text, time, stream: from }: LogEntry): string => {
    const prefixed = timestamps && isLineStart ? `${logTime(time)} ${text}` : text;
    const isShown = time >= since && (wanted === 'all' || wanted === from);
    isLineStart = text.endsWith('\n');
    if (!isShown) return '';
    const cut = prefixed.length > left ? prefixed.slice(0, left) : prefixed;
    left -= cut.length;
    return cut;
  };

  const readable = new Readable({
    highWaterMark: pieceBytes,
    read: () => pump(),
    destroy: (error, callback) => {
      unfollow?.();
      signal.removeEventListener('abort', stop);
      callback(error);
    },
  });
  const stop = (): void => void readable.destroy();
  let isWanted = false;

  const nextPiece = (): string => {
    let piece = '';
    while (piece.length < pieceBytes && left > 0) {
      const found = buffer.read(at);
      if (found === undefined || found.at >= last) break;
      at = found.at + 1;
      piece += textOf(found.entry);
    }
    return piece;
  };

  const isOver = (): boolean => left <= 0 || at >= last || (buffer.isEnded && at >= buffer.next);

  const pump = (): void => {
    isWanted = true;
    while (isWanted) {
      const piece = nextPiece();
      if (piece !== '') isWanted = readable.push(Buffer.from(piece, 'latin1'));
      else if (follow && !isOver()) {
        unfollow ??= buffer.follow(() => {
          if (isWanted) pump();
        });
        return;
      } else {
        isWanted = false;
        readable.push(null);
      }
    }
  };

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return readable;
}

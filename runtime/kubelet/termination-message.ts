import { unicodeOf } from '../files/byte-text.ts';
import type { ContainerRecord } from './container-record.ts';

const maxMessage = 4096;
/** Of all containers of a pod together. */
const maxPodMessages = 12 * 1024;
const maxLogBytes = 2048;
const maxLogLines = 80;
const defaultPath = '/dev/termination-log';

/** What a container leaves as its last words: a file of its own, or, when it failed and asked for it, the end of its log. */
export function terminationMessage(record: ContainerRecord, exitCode: number, containers: number): string | undefined {
  const share = Math.floor(maxPodMessages / Math.max(1, containers));
  const { spec, running } = record;
  const path = spec.terminationMessagePath || defaultPath;
  const written = readQuietly(() => running?.readFile(path)) ?? '';
  if (written !== '') return unicodeOf(written.slice(-maxMessage).slice(0, share));
  if (spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return undefined;
  const log = record.logs.newest;
  if (log === undefined) return undefined;
  let text = '';
  for (let at = log.tail(maxLogLines); ; ) {
    const found = log.read(at);
    if (found === undefined) break;
    text += found.entry.text;
    at = found.at + 1;
  }
  return text === '' ? undefined : unicodeOf(text.slice(-maxLogBytes).slice(0, share));
}

function readQuietly(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

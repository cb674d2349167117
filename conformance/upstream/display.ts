import { atStart, type Progress, progressText } from './progress.ts';

/** How often a run that is not watched on a terminal says how far it is. */
const quietMs = 30_000;

/** What one process of the suite tells of itself. */
export interface Watcher {
  say(line: string): void;
  show(progress: Progress): void;
}

export interface Display extends Disposable {
  /** For one more process: what is shown is the sum of all. */
  part(): Watcher;
}

export function sumOf(parts: readonly Progress[]): Progress {
  const sum = (count: 'passed' | 'failed' | 'skipped'): number =>
    parts.reduce((total, progress) => total + progress[count], 0);
  const totals = parts.map(({ total }) => total).filter((total) => total !== undefined);
  return {
    total: totals.length === 0 ? undefined : totals.reduce((whole, total) => whole + total, 0),
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    current: parts
      .map(({ current }) => current)
      .filter((current) => current !== undefined)
      .at(-1),
  };
}

/** On a terminal one line that is written over; elsewhere a line now and then. */
export function createDisplay(): Display {
  const { stderr } = process;
  const begin = performance.now();
  const parts: Progress[] = [];
  const text = () => progressText(sumOf(parts), (performance.now() - begin) / 1000);
  const rewrite = () => {
    const { current } = sumOf(parts);
    const running = current === undefined ? '' : `: ${current}`;
    stderr.write(`\r\x1b[K${`${text()}${running}`.slice(0, (stderr.columns ?? 80) - 1)}`);
  };
  const sayNow = () => stderr.write(`${text()}\n`);
  const timer = stderr.isTTY ? setInterval(rewrite, 1000) : setInterval(sayNow, quietMs);
  return {
    part() {
      const index = parts.push(atStart) - 1;
      return {
        say: (line) => void stderr.write(stderr.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`),
        show: (progress) => {
          parts[index] = progress;
        },
      };
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (stderr.isTTY) stderr.write('\r\x1b[K');
      sayNow();
    },
  };
}

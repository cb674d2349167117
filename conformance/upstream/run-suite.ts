import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { programPath } from '../reference/programs.ts';
import { advance, atStart, type Progress, progressText } from './progress.ts';

export interface SuiteRun {
  readonly kubeconfig: string;
  /** Gets `e2e.log`; the suite itself writes `junit_01.xml`. */
  readonly folder: string;
  readonly focus: string;
  readonly flags: readonly string[];
}

/** How often a run that is not watched on a terminal says how far it is. */
const quietMs = 30_000;

/** Runs e2e.test to its end, with progress on stderr. An interrupt reaches the suite, which then cleans up and reports. */
export async function runSuite({ kubeconfig, folder, focus, flags }: SuiteRun): Promise<number> {
  const args = [
    `--kubeconfig=${kubeconfig}`,
    '--provider=skeleton',
    '--num-nodes=2',
    '--allowed-not-ready-nodes=-1',
    '--minStartupPods=-1',
    '--disable-log-dump',
    '--dump-logs-on-failure=false',
    `--kubectl-path=${programPath('kubectl')}`,
    `--report-dir=${folder}`,
    `--ginkgo.focus=${focus}`,
    '--ginkgo.v',
    '--ginkgo.no-color',
    '--ginkgo.silence-skips',
    '--ginkgo.timeout=24h',
    ...flags,
  ];
  // In a group of its own: a terminal's interrupt would reach it twice, and the second one skips cleaning up.
  const child = spawn(programPath('e2e.test'), args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const interrupt = () => child.kill('SIGINT');
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const log = createWriteStream(join(folder, 'e2e.log'));
  child.stderr.pipe(log, { end: false });
  const display = createDisplay();
  let progress = atStart;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      log.write(`${line}\n`);
      const step = advance(progress, line);
      progress = step.progress;
      const { finished } = step;
      if (finished?.outcome === 'failed') display.say(`FAILED ${finished.name} (${finished.seconds.toFixed(1)} s)`);
      display.show(progress);
    }
    return await ended;
  } finally {
    display.end(progress);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await new Promise((resolve) => log.end(resolve));
  }
}

/** On a terminal one line that is written over; elsewhere a line now and then. */
function createDisplay() {
  const { stderr } = process;
  const begin = performance.now();
  let latest = atStart;
  const text = () => progressText(latest, (performance.now() - begin) / 1000);
  const rewrite = () => {
    const running = latest.current === undefined ? '' : `: ${latest.current}`;
    stderr.write(`\r\x1b[K${`${text()}${running}`.slice(0, (stderr.columns ?? 80) - 1)}`);
  };
  const sayNow = () => stderr.write(`${text()}\n`);
  const timer = stderr.isTTY ? setInterval(rewrite, 1000) : setInterval(sayNow, quietMs);
  return {
    say(line: string): void {
      stderr.write(stderr.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`);
    },
    show(progress: Progress): void {
      latest = progress;
    },
    end(progress: Progress): void {
      clearInterval(timer);
      latest = progress;
      if (stderr.isTTY) stderr.write('\r\x1b[K');
      sayNow();
    },
  };
}

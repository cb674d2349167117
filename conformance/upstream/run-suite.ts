import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { programPath } from '../reference/programs.ts';
import type { Watcher } from './display.ts';
import { advance, atStart } from './progress.ts';

export interface SuiteRun {
  readonly kubeconfig: string;
  /** Gets `e2e.log`; the suite itself writes `junit_01.xml`. */
  readonly folder: string;
  readonly focus: string;
  readonly flags: readonly string[];
  readonly watcher: Watcher;
}

/** Runs e2e.test to its end. An interrupt reaches the suite, which then cleans up and reports. */
export async function runSuite({ kubeconfig, folder, focus, flags, watcher }: SuiteRun): Promise<number> {
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
  let progress = atStart;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      log.write(`${line}\n`);
      const step = advance(progress, line);
      progress = step.progress;
      const { finished } = step;
      if (finished?.outcome === 'failed') watcher.say(`FAILED ${finished.name} (${finished.seconds.toFixed(1)} s)`);
      watcher.show(progress);
    }
    return await ended;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await new Promise((resolve) => log.end(resolve));
  }
}

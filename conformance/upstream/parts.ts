import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../reference/programs.ts';
import { createDisplay, type Display } from './display.ts';
import { parseJunit, type TestResult } from './junit.ts';
import { runSuite, type SuiteRun } from './run-suite.ts';
import { focusOf, type SuiteTest } from './suite.ts';

export const reportName = 'junit_01.xml';
const logName = 'e2e.log';

export interface PartsRun extends Omit<SuiteRun, 'focus' | 'watcher'> {
  /** So many processes at once. */
  readonly parallel: number;
}

export interface PartsResult {
  /** Of the first process that did not end with 0. */
  readonly code: number;
  readonly results: readonly TestResult[];
}

/** What may run side by side, dealt out to so many hands, and what must run alone. */
export function dealt(
  selected: readonly SuiteTest[],
  hands: number,
): { readonly parallel: SuiteTest[][]; readonly serial: SuiteTest[] } {
  const isSerial = ({ name }: SuiteTest): boolean => /\[(Serial|Disruptive)\]/.test(name);
  const serial = selected.filter(isSerial);
  const parallel = Array.from({ length: hands }, (): SuiteTest[] => []);
  for (const [index, test] of selected.filter((one) => !isSerial(one)).entries()) parallel[index % hands]?.push(test);
  return { parallel: parallel.filter((tests) => tests.length > 0), serial };
}

/** Runs what is selected in one process, or in several and the serial rest behind them; leaves one log and all reports in the folder. */
export async function runParts(
  run: PartsRun,
  selected: readonly SuiteTest[],
  all: readonly SuiteTest[],
): Promise<PartsResult> {
  const { folder, parallel: hands } = run;
  for (let n = 1; existsSync(join(folder, reportOf(n))); n++) rmSync(join(folder, reportOf(n)));
  using display = createDisplay();
  if (hands === 1) return await runOne(run, folder, focusOf(selected, all), display);
  const { parallel, serial } = dealt(selected, hands);
  const parts = [...parallel, serial].filter((tests) => tests.length > 0);
  const folders = parts.map((_, index) => join(folder, `part-${index + 1}`));
  const start = (tests: readonly SuiteTest[], index: number): Promise<PartsResult> => {
    const own = folders[index] ?? folder;
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own, { recursive: true });
    return runOne(run, own, focusOf(tests, all), display);
  };
  const results = await Promise.all(parallel.map((tests, index) => start(tests, index)));
  if (serial.length > 0) results.push(await start(serial, parallel.length));
  gather(folder, folders);
  return {
    code: results.find(({ code }) => code !== 0)?.code ?? 0,
    results: results.flatMap((part) => part.results),
  };
}

function reportOf(part: number): string {
  return `junit_${String(part).padStart(2, '0')}.xml`;
}

async function runOne(run: PartsRun, folder: string, focus: string, display: Display): Promise<PartsResult> {
  const { kubeconfig, flags } = run;
  const code = await runSuite({ kubeconfig, folder, focus, flags, watcher: display.part() });
  const report = join(folder, reportName);
  if (!existsSync(report))
    throw new UsageError(`e2e.test ended with ${code} and without a report; see ${join(folder, logName)}`);
  return { code, results: parseJunit(readFileSync(report, 'utf8')) };
}

function gather(folder: string, parts: readonly string[]): void {
  writeFileSync(join(folder, logName), '');
  for (const [index, part] of parts.entries()) {
    appendFileSync(join(folder, logName), readFileSync(join(part, logName)));
    copyFileSync(join(part, reportName), join(folder, reportOf(index + 1)));
  }
}

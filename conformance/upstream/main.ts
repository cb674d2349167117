import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePrograms, UsageError } from '../reference/programs.ts';
import { parseJunit } from './junit.ts';
import { startOwnCluster } from './own-cluster.ts';
import { reportName, runParts } from './parts.ts';
import { isSuccess, resultsText } from './results.ts';
import { readTiers, type Selection, type SuiteTest, selectTests } from './suite.ts';

const usage = `npm run conformance:upstream -- [options] [-- flags of e2e.test]
  --kubeconfig F    any cluster; without it our own server is started, with its two simulated nodes
  --tier T1,T2      what is run (all)
  --focus REGEX     only tests with such a name
  --skip REGEX      not tests with such a name
  --rerun-failed    only what failed in the last run into the same output folder
  --parallel N      so many processes of the suite at once; what is [Serial] runs alone behind them (1)
  --list            prints the names and ends
  --output DIR      e2e.log, junit_01.xml and results.md (conformance/upstream/output)`;

function options() {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean', default: false } as const;
  const argv = process.argv.slice(2);
  const end = argv.indexOf('--');
  try {
    const { values } = parseArgs({
      args: end === -1 ? argv : argv.slice(0, end),
      options: {
        kubeconfig: string,
        tier: string,
        focus: string,
        skip: string,
        'rerun-failed': boolean,
        parallel: { ...string, default: '1' },
        list: boolean,
        output: { ...string, default: join(import.meta.dirname, 'output') },
        help: boolean,
      },
    });
    return { ...values, suiteFlags: end === -1 ? [] : argv.slice(end + 1) };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A rerun has a folder of its own below the output, so that the whole run's files stay; the later of both is the last one. */
function lastFailures(folder: string): ReadonlySet<string> {
  const files = [join(folder, reportName), join(folder, 'rerun', reportName)].filter((file) => existsSync(file));
  const [last] = files.toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (last === undefined) throw new UsageError(`--rerun-failed: no ${reportName} in ${folder}`);
  const failed = parseJunit(readFileSync(last, 'utf8')).filter(({ outcome }) => outcome === 'failed');
  return new Set(failed.map(({ name }) => name));
}

/** A mistake in a tier or an expression is the user's. */
function select(all: readonly SuiteTest[], selection: Selection): readonly SuiteTest[] {
  try {
    return selectTests(all, selection);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

async function main(values: ReturnType<typeof options>): Promise<boolean> {
  if (values.help) {
    console.log(usage);
    return true;
  }
  const all = readTiers();
  const rerun = values['rerun-failed'];
  const { tier, focus, skip } = values;
  const names = rerun ? lastFailures(values.output) : undefined;
  const selected = select(all, { tiers: tier === undefined ? [] : tier.split(','), focus, skip, names });
  if (values.list) {
    for (const test of selected) console.log(`${test.tier} ${test.name}`);
    return true;
  }
  if (selected.length === 0) {
    if (!rerun) throw new UsageError('no test is selected');
    console.log('nothing failed in the last run');
    return true;
  }
  if (values.kubeconfig !== undefined && !existsSync(values.kubeconfig)) {
    throw new UsageError(`no file ${values.kubeconfig}`);
  }
  await ensurePrograms(['e2e.test', 'kubectl']);
  await using own = values.kubeconfig === undefined ? await startOwnCluster() : undefined;
  const kubeconfig = own?.kubeconfig ?? values.kubeconfig ?? '';
  const folder = rerun ? join(values.output, 'rerun') : resolve(values.output);
  mkdirSync(folder, { recursive: true });
  if (!rerun) rmSync(join(folder, 'rerun'), { recursive: true, force: true });
  const parallel = Number(values.parallel);
  if (!(Number.isInteger(parallel) && parallel > 0))
    throw new UsageError(`--parallel ${values.parallel}: a positive number`);
  const run = { kubeconfig: resolve(kubeconfig), folder, flags: values.suiteFlags, parallel };
  const { code, results } = await runParts(run, selected, all);
  const text = resultsText(results, selected, all);
  writeFileSync(join(folder, 'results.md'), text);
  console.log(text);
  return code === 0 && isSuccess(results, selected);
}

try {
  process.exitCode = (await main(options())) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

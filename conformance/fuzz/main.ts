import { parseArgs } from 'node:util';
import { differingPlaces } from '../tables-runner/compare.ts';
import { connectByKubeconfig } from '../tables-runner/connection.ts';
import { normalForm } from './digest.ts';
import { readRecorded, writeRecorded } from './recorded.ts';
import { prepare, runAll, type Told } from './run.ts';

const usage = `node conformance/fuzz/main.ts record|check|compare --kubeconfig FILE [options]
  record            writes recorded.json with the answers of this server, the reference
  check             compares this server's answers with those recorded
  compare           runs the steps on this server and on --against FILE, and prints what differs
  --sequence N      this one alone, with check and compare
  --seed N, --sequences N, --steps N   with record: 1, 500, 20`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    kubeconfig: { type: 'string' },
    against: { type: 'string' },
    sequence: { type: 'string' },
    seed: { type: 'string', default: '1' },
    sequences: { type: 'string', default: '500' },
    steps: { type: 'string', default: '20' },
  },
});
const [command] = positionals;
const { kubeconfig, against } = values;
const only = values.sequence === undefined ? undefined : Number(values.sequence);

async function record(file: string): Promise<number> {
  const connection = connectByKubeconfig(file);
  const plan = { seed: Number(values.seed), sequences: Number(values.sequences), stepsEach: Number(values.steps) };
  await prepare(connection);
  const counts = new Map<number, number>();
  writeRecorded(
    plan,
    await runAll(connection, plan, ({ status }) => counts.set(status, (counts.get(status) ?? 0) + 1)),
  );
  console.log(Object.fromEntries([...counts].sort(([a], [b]) => a - b)));
  return 0;
}

async function check(file: string): Promise<number> {
  const connection = connectByKubeconfig(file);
  const plan = readRecorded();
  await prepare(connection);
  const found = await runAll(connection, plan, undefined, only);
  let [same, other] = [0, 0];
  for (const [sequence, digests] of found.entries()) {
    if (digests === undefined) continue;
    const wanted = plan.digests[sequence]?.split(',') ?? [];
    const at = digests.findIndex((digest, i) => digest !== wanted[i]);
    if (at < 0) {
      same += digests.length;
      continue;
    }
    other += 1;
    console.log(`sequence ${sequence}, step ${at}: ${digests[at]}, expected ${wanted[at]}`);
  }
  console.log(`${same} steps as recorded, ${other} sequences differ`);
  return other === 0 ? 0 : 1;
}

async function compare(file: string, other: string): Promise<number> {
  const plan = readRecorded();
  const answers: Map<string, Told>[] = [];
  for (const each of [file, other]) {
    const connection = connectByKubeconfig(each);
    const told = new Map<string, Told>();
    await prepare(connection);
    await runAll(connection, plan, (one) => told.set(`${one.sequence}.${one.step}`, one), only);
    answers.push(told);
  }
  const [ours, theirs] = answers;
  const differing = new Set<number>();
  for (const [id, own] of ours ?? []) {
    const reference = theirs?.get(id);
    if (reference === undefined || differing.has(own.sequence)) continue;
    const places = differingPlaces('', normalForm(reference.answer), normalForm(own.answer));
    if (own.status !== reference.status) places.unshift(`status ${own.status}, expected ${reference.status}`);
    if (places.length === 0) continue;
    differing.add(own.sequence);
    console.log(`\n${id} ${own.request.method} ${own.request.path} ${own.request.contentType ?? ''}`);
    console.log(`  ${JSON.stringify(own.request.body)?.slice(0, 1500)}`);
    for (const place of places.slice(0, 12)) console.log(`  ${place.slice(0, 600)}`);
  }
  console.log(`${differing.size} sequences differ`);
  return differing.size === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  if (kubeconfig !== undefined && command === 'record') return record(kubeconfig);
  if (kubeconfig !== undefined && command === 'check') return check(kubeconfig);
  if (kubeconfig !== undefined && command === 'compare' && against !== undefined) return compare(kubeconfig, against);
  console.error(usage);
  return 2;
}

process.exitCode = await main();

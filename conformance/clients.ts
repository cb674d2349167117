import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { expectedAnswer, foldAnswers } from './clients/compare-output.ts';
import { findAllPrograms, findProgram, type Program, type ProgramName } from './clients/programs.ts';
import { runScript } from './clients/run-script.ts';
import { type Answer, loadRecording, loadScripts } from './clients/script.ts';
import { differingPlaces } from './tables-runner/compare.ts';

// node conformance/clients.ts record|check --kubeconfig FILE [--program kubectl|helm] [--only SCRIPT] [--all]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    kubeconfig: { type: 'string' },
    program: { type: 'string', default: 'kubectl' },
    only: { type: 'string', default: '' },
    all: { type: 'boolean', default: false },
  },
});
const [command] = positionals;
if ((command !== 'record' && command !== 'check') || values.kubeconfig === undefined) {
  console.error('usage: clients.ts record|check --kubeconfig FILE [--program kubectl|helm] [--only SCRIPT] [--all]');
  process.exit(2);
}

const name: ProgramName = values.program === 'helm' ? 'helm' : 'kubectl';
const folder = join(import.meta.dirname, 'cases', name);
const first = await findProgram(name);
const programs = command === 'record' || values.all ? await findAllPrograms(name) : first === undefined ? [] : [first];
const kubectl = name === 'kubectl' ? undefined : await findProgram('kubectl');
const beside = (program: Program): Program[] => (kubectl === undefined ? [program] : [program, kubectl]);
let failed = programs.length === 0 ? 1 : 0;
let passed = 0;

for (const script of loadScripts(folder).filter(({ name }) => name.startsWith(values.only))) {
  const byVersion = new Map<string, Map<string, Answer>>();
  for (const program of programs) {
    const answers = await runScript(script, beside(program), values.kubeconfig);
    byVersion.set(program.version, answers);
    if (command === 'record') continue;
    for (const [step, answer] of answers) {
      const expected = expectedAnswer(loadRecording(folder, script.name), step, program.version);
      if (isDeepStrictEqual(answer, expected)) {
        passed++;
        continue;
      }
      failed++;
      console.log(`${name} ${program.version} ${script.name}: ${step}`);
      console.log(differences(expected, answer));
    }
  }
  if (command === 'check') continue;
  mkdirSync(join(folder, 'recorded'), { recursive: true });
  writeFileSync(
    join(folder, 'recorded', `${script.name}.json`),
    `${JSON.stringify(foldAnswers(byVersion), null, 1)}\n`,
  );
  console.log(`recorded ${script.name} of ${name} ${[...byVersion.keys()].join(', ')}`);
}
if (command === 'check') console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function differences(expected: Answer | undefined, answer: Answer): string {
  if (expected === undefined) return '  nothing recorded';
  const lines: string[] =
    expected.code === answer.code ? [] : [`  exit code ${answer.code}, expected ${expected.code}`];
  for (const stream of ['out', 'err'] as const) {
    const missing = expected[stream].filter((line) => !answer[stream].includes(line));
    const extra = answer[stream].filter((line) => !expected[stream].includes(line));
    const moved = missing.length + extra.length === 0 && !isDeepStrictEqual(expected[stream], answer[stream]);
    if (moved) lines.push(`  ${stream}: the same lines in another order or number`);
    for (const line of missing.slice(0, 25)) lines.push(`  ${stream} -${line}`);
    for (const line of extra.slice(0, 25)) lines.push(`  ${stream} +${line}`);
  }
  const ids = new Set([...Object.keys(expected.objects ?? {}), ...Object.keys(answer.objects ?? {})]);
  for (const id of ids)
    for (const line of differingPlaces(id, expected.objects?.[id], answer.objects?.[id]).slice(0, 25))
      lines.push(`  ${line}`);
  return lines.join('\n');
}

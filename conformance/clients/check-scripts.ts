import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expectedAnswer } from './compare-output.ts';
import type { Program } from './programs.ts';
import { runScript } from './run-script.ts';
import { loadRecording, loadScripts } from './script.ts';

/** The part of a tap test that is needed here. */
export interface Assertions {
  same(found: unknown, wanted: unknown, message: string): unknown;
  pass(message: string): unknown;
  fail(message: string): unknown;
}

/** `known-gaps.json`: `script: step` and the reason; `4.2 script: step` where it concerns one version of the program. */
export function loadKnownGaps(folder: string): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(join(folder, 'known-gaps.json'), 'utf8')) as Readonly<Record<string, string>>;
}

/** Runs scripts of a folder, all when none is named, two beside each other. The first program is the one they are about. */
export async function checkScripts(
  t: Assertions,
  folder: string,
  programs: readonly Program[],
  kubeconfig: string,
  names?: readonly string[],
): Promise<void> {
  const gaps = loadKnownGaps(folder);
  const seen = new Set<string>();
  const [program] = programs;
  if (program === undefined) throw new Error('no program to check');
  const scripts = loadScripts(folder).filter(({ name }) => names?.includes(name) ?? true);
  const ours = new Set(scripts.map(({ name }) => name));
  t.same(
    (names ?? []).filter((name) => !ours.has(name)),
    [],
    'there are the scripts that are named',
  );
  const next = async (): Promise<void> => {
    for (let script = scripts.shift(); script !== undefined; script = scripts.shift()) {
      const recording = loadRecording(folder, script.name);
      for (const [step, answer] of await runScript(script, programs, kubeconfig)) {
        const id = `${script.name}: ${step}`;
        seen.add(id);
        const expected = expectedAnswer(recording, step, program.version);
        const message = `${program.name} ${program.version}, ${id}`;
        const gap = gaps[id] ?? gaps[`${program.version} ${id}`];
        if (gap === undefined) t.same(answer, expected, message);
        else if (isDeepStrictEqual(answer, expected))
          t.fail(`${message} is a known gap and passes: take it off the list`);
        else t.pass(`${message} is a known gap: ${gap}`);
      }
    }
  };
  await Promise.all([next(), next()]);
  t.same(
    Object.keys(gaps)
      .map((id) => id.replace(/^\d+\.\d+ /, ''))
      .filter((id) => ours.has(id.replace(/: .*/, '')) && !seen.has(id)),
    [],
    'known gaps are steps that exist',
  );
}

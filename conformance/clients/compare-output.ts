import { isDeepStrictEqual } from 'node:util';
import type { Answer, Recorded, Recording } from './script.ts';
import { compareVersions } from './script.ts';

/** What the reference answered to a program of this version; the newest one's answer when it printed the same. */
export function expectedAnswer(recording: Recording, step: string, version: string): Answer | undefined {
  const recorded = recording[step];
  if (recorded === undefined) return undefined;
  const { versions, ...newest } = recorded;
  return versions?.[version] ?? newest;
}

/** The newest version's answers, with those of the others beside them where they differ. */
export function foldAnswers(byVersion: ReadonlyMap<string, ReadonlyMap<string, Answer>>): Recording {
  const [newest, ...others] = [...byVersion.keys()].sort((a, b) => compareVersions(b, a));
  if (newest === undefined) return {};
  const recording: Record<string, Recorded> = {};
  for (const [step, answer] of byVersion.get(newest) ?? []) {
    const differing = others.flatMap((version) => {
      const theirs = byVersion.get(version)?.get(step);
      return theirs === undefined || isDeepStrictEqual(theirs, answer) ? [] : [[version, theirs] as const];
    });
    recording[step] = differing.length === 0 ? answer : { ...answer, versions: Object.fromEntries(differing) };
  }
  return recording;
}

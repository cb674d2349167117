import { readFileSync, writeFileSync } from 'node:fs';
import type { Plan } from './run.ts';

const file = new URL('./recorded.json', import.meta.url);

/** What the reference answered: one line a sequence. */
export interface RecordedFuzz extends Plan {
  readonly sequences: number;
  readonly digests: readonly string[];
}

export function readRecorded(): RecordedFuzz {
  return JSON.parse(readFileSync(file, 'utf8')) as RecordedFuzz;
}

export function writeRecorded(plan: Plan, digests: readonly (readonly string[])[]): void {
  const recorded: RecordedFuzz = { ...plan, digests: digests.map((each) => each.join(',')) };
  writeFileSync(file, `${JSON.stringify(recorded, null, 1)}\n`);
}

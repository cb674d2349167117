import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One official conformance test. */
export interface SuiteTest {
  /** `T1` to `T5`: what a cluster must be able to do, see README.md. */
  readonly tier: string;
  readonly name: string;
  /** `sig-apps` … */
  readonly sig: string;
}

export function readTiers(): readonly SuiteTest[] {
  return parseTiers(readFileSync(join(import.meta.dirname, 'tiers.csv'), 'utf8'));
}

export function parseTiers(csv: string): readonly SuiteTest[] {
  const [, ...lines] = csv.trimEnd().split('\n');
  return lines.map((line) => {
    const [, tier = '', quoted] = /^([^,]*),(.*)$/.exec(line) ?? [];
    if (quoted === undefined) throw new Error(`not a line of tiers.csv: ${line}`);
    const name = quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
    return { tier, name, sig: sigOf(name) };
  });
}

export function sigOf(name: string): string {
  return /^\[(sig-[a-z-]+)\]/.exec(name)?.[1] ?? 'no sig';
}

export interface Selection {
  readonly tiers: readonly string[];
  readonly focus: string | undefined;
  readonly skip: string | undefined;
  /** Only these, when given: names of tests. */
  readonly names: ReadonlySet<string> | undefined;
}

/** The tests that a selection means. An unknown tier is an error, since it would silently run nothing. */
export function selectTests(tests: readonly SuiteTest[], selection: Selection): readonly SuiteTest[] {
  const known = new Set(tests.map(({ tier }) => tier));
  const unknown = selection.tiers.find((tier) => !known.has(tier));
  if (unknown !== undefined) throw new RangeError(`no tier ${unknown}: there are ${[...known].join(', ')}`);
  const focus = selection.focus === undefined ? undefined : new RegExp(selection.focus);
  const skip = selection.skip === undefined ? undefined : new RegExp(selection.skip);
  return tests.filter(
    ({ tier, name }) =>
      (selection.tiers.length === 0 || selection.tiers.includes(tier)) &&
      (focus === undefined || focus.test(name)) &&
      (skip === undefined || !skip.test(name)) &&
      (selection.names === undefined || selection.names.has(name)),
  );
}

/** The suite's own focus: `[Conformance]` for all, as the conformance programme runs it, else the tests' names to the letter. */
export function focusOf(selected: readonly SuiteTest[], all: readonly SuiteTest[]): string {
  if (selected.length === all.length) return '\\[Conformance\\]';
  // Go's syntax: its regexp.QuoteMeta escapes the same characters.
  const names = selected.map(({ name }) => name.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&'));
  return ` (${names.join('|')})$`;
}

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

/** A shell command line whose output is compared. */
export interface Step {
  readonly id: string;
  readonly run: string;
  /** Compared as a set of lines, where the order is not the server's to decide. */
  readonly unordered?: boolean;
  /** Regular expressions of what the server or the client chooses freely; what they match is compared as `{any}`. */
  readonly hide?: readonly string[];
  /** The oldest version of the program that can do this. */
  readonly since?: string;
}

/** Steps that run in order in one folder with the files of the script, in a namespace of their own. */
export interface Script {
  readonly name: string;
  /** Where the scripts stand: `$CASES` in the steps. */
  readonly folder: string;
  /** Why it is here. */
  readonly about: string;
  readonly files: Readonly<Record<string, string>>;
  /** `deployments.apps`: what the namespace holds of these is compared after each step, managedFields included. */
  readonly objects: readonly string[];
  readonly steps: readonly Step[];
}

export interface Answer {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** Objects that the step left otherwise than it found them, by `resource/name`; null for those that are gone. */
  readonly objects?: Readonly<Record<string, unknown>>;
}

/** What a step answered on the reference; programs of other versions stand below when they print something else. */
export interface Recorded extends Answer {
  readonly versions?: Readonly<Record<string, Answer>>;
}

export type Recording = Readonly<Record<string, Recorded>>;

interface ScriptFile {
  readonly about: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly objects?: readonly string[];
  readonly steps: string;
}

export function loadScripts(folder: string): Script[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((file) => {
    const { about, files = {}, objects = [], steps } = parse(readFileSync(join(folder, file), 'utf8')) as ScriptFile;
    return { name: basename(file, '.yaml'), folder, about, files, objects, steps: parseSteps(steps, file) };
  });
}

/** A line `# id` begins a step, `#hide EXPRESSION`, `#unordered` and `#since VERSION` say how to take it; the rest is for the shell. */
function parseSteps(text: string, file: string): Step[] {
  const steps = text
    .split(/^# /m)
    .slice(1)
    .map((part): Step => {
      const [id = '', ...lines] = part.trimEnd().split('\n');
      const told = (word: string) =>
        lines.flatMap((line) => (line.startsWith(`#${word}`) ? [line.slice(word.length + 2)] : []));
      const [since] = told('since');
      return {
        id,
        run: lines.filter((line) => !line.startsWith('#')).join('\n'),
        hide: told('hide'),
        unordered: told('unordered').length > 0,
        ...(since === undefined ? {} : { since }),
      };
    });
  if (steps.length === 0 || new Set(steps.map(({ id }) => id)).size !== steps.length)
    throw new Error(`${file}: there must be steps, and each needs an id of its own`);
  return steps;
}

export function loadRecording(folder: string, script: string): Recording {
  return JSON.parse(readFileSync(join(folder, 'recorded', `${script}.json`), 'utf8')) as Recording;
}

/** `1.9` is before `1.10`. */
export function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

export function stepsFor(script: Script, version: string): Step[] {
  return script.steps.filter(({ since }) => since === undefined || compareVersions(version, since) >= 0);
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** One request. Strings may hold `{ns}`, `{rand}` and `{{captured}}`. */
export interface Step {
  readonly id?: string;
  readonly method: string;
  readonly path: string;
  readonly contentType?: string;
  /** A header of null is not sent, e.g. `Authorization: null` for an anonymous request. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: unknown;
  readonly rawBody?: string;
  /** Paths in the answer whose value differs from run to run: `spec.clusterIP`, `spec.ports[*].nodePort`. */
  readonly ignore?: readonly string[];
  /** Name → path in the answer, for later steps' `{{name}}`. */
  readonly capture?: Readonly<Record<string, string>>;
  /** Controllers, a scheduler or kubelets change what it shows: its answer counts only where none of them work. */
  readonly quiet?: boolean;
  /** Sent again until it is answered with this status, for at most 10 s: what a definition brings into being takes a moment. */
  readonly until?: number;
  /** The same, until places in the answer have these values. */
  readonly untilHas?: Readonly<Record<string, unknown>>;
  /** The errors of a Status come in any order: upstream walks maps. */
  readonly unordered?: boolean;
}

export interface Table {
  /** Path below `conformance/tables` without the extension; recorded answers have the same. */
  readonly name: string;
  /** managedFields are compared. */
  readonly managers: boolean;
  readonly setup: readonly Step[];
  readonly steps: readonly Step[];
  readonly cleanup: readonly Step[];
}

/** The answer to one step after normalisation: all that is compared. */
export interface Answer {
  readonly id: string;
  readonly status: number;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly body: unknown;
}

interface TableFile {
  /** What a step's path is relative to: absent it is this, `name/status` is below it, `?dryRun=All` behind it. */
  readonly base?: string;
  readonly managers?: boolean;
  /** True, or the ids of the steps that are `quiet`. */
  readonly quiet?: boolean | readonly string[];
  readonly setup?: readonly Partial<Step>[];
  readonly steps?: readonly Partial<Step>[];
  readonly cleanup?: readonly Partial<Step>[];
}

function fullPath(base: string, path: string): string {
  if (path.startsWith('/')) return path;
  return path === '' || path.startsWith('?') ? base + path : `${base}/${path}`;
}

function parseTable(name: string, text: string): Table {
  const {
    base,
    managers = false,
    quiet = [],
    setup = [],
    steps = [],
    cleanup = [],
  } = parse(text, { merge: true }) as TableFile;
  const seen = new Set<string>();
  const complete = (step: Partial<Step>, i: number): Step => {
    const {
      id = `step ${i + 1}`,
      method = step.path === undefined ? 'POST' : undefined,
      path = base === undefined ? undefined : '',
    } = step;
    if (method === undefined || path === undefined) throw new Error(`${name}: ${id}: method and path are required`);
    const isQuiet = typeof quiet === 'boolean' ? quiet : quiet.includes(id);
    return { ...step, id, method, path: fullPath(base ?? '', path), ...(isQuiet ? { quiet: true } : {}) };
  };
  const completed = steps.map(complete);
  for (const { id = '' } of completed) {
    if (seen.has(id)) throw new Error(`${name}: two steps are called ${JSON.stringify(id)}`);
    seen.add(id);
  }
  const lost = typeof quiet === 'boolean' ? [] : quiet.filter((id) => !seen.has(id));
  if (lost.length > 0) throw new Error(`${name}: quiet names no step: ${lost.join(', ')}`);
  return { name, managers, setup: setup.map(complete), steps: completed, cleanup: cleanup.map(complete) };
}

/** Every table below a folder whose name starts with one of `only` (none: all), sorted by name. */
export function loadTables(folder: string, only: readonly string[] = []): Table[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length).replaceAll('\\', '/'))
    .filter((name) => only.length === 0 || only.some((prefix) => name.startsWith(prefix)))
    .sort()
    .map((name) => parseTable(name, readFileSync(join(folder, `${name}.yaml`), 'utf8')));
}

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
}

export interface Table {
  /** Path below `conformance/tables` without the extension; recorded answers have the same. */
  readonly name: string;
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

function parseTable(name: string, text: string): Table {
  const { setup = [], steps = [], cleanup = [] } = parse(text) as Partial<Table>;
  const seen = new Set<string>();
  for (const [i, step] of steps.entries()) {
    const id = step.id ?? `step ${i + 1}`;
    if (!step.method || !step.path) throw new Error(`${name}: ${id}: method and path are required`);
    if (seen.has(id)) throw new Error(`${name}: two steps are called ${JSON.stringify(id)}`);
    seen.add(id);
  }
  return { name, setup, steps, cleanup };
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

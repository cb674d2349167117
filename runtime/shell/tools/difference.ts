import { resolvePath } from '../../files/path.ts';
import { dateText } from '../date-text.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { openInput, pause } from './input.ts';
import { type Options, parseOptions } from './options.ts';
import { join, statOf } from './tree-walk.ts';

interface Change {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
}

/** Lines that went, came and stayed, by the way with the fewest changes. */
async function changes(process: ShellProcess, a: readonly string[], b: readonly string[]): Promise<Change[]> {
  const max = a.length + b.length;
  let ends = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  for (let depth = 0; depth <= max; depth++) {
    await pause(process);
    trace.push(new Map(ends));
    const next = new Map(ends);
    for (let k = -depth; k <= depth; k += 2) {
      const isDown = k === -depth || (k !== depth && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
      let x = isDown ? (ends.get(k + 1) ?? 0) : (ends.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b);
    }
    ends = next;
  }
  return [];
}

function walkBack(trace: readonly ReadonlyMap<number, number>[], a: readonly string[], b: readonly string[]): Change[] {
  const found: Change[] = [];
  let [x, y] = [a.length, b.length];
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const ends = trace[depth] as ReadonlyMap<number, number>;
    const k = x - y;
    const isDown = k === -depth || (k !== depth && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
    const before = isDown ? k + 1 : k - 1;
    const [fromX, fromY] = [ends.get(before) ?? 0, (ends.get(before) ?? 0) - before];
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      found.push({ kind: ' ', line: a[--x] ?? '' });
      y--;
    }
    if (depth === 0) break;
    if (isDown) found.push({ kind: '+', line: b[--y] ?? '' });
    else found.push({ kind: '-', line: a[--x] ?? '' });
  }
  return found.toReversed();
}

interface Hunk {
  readonly a: number;
  readonly b: number;
  readonly changes: readonly Change[];
}

/** Groups of changes with some lines around them. */
function hunksOf(all: readonly Change[], context: number): Hunk[] {
  const hunks: Hunk[] = [];
  const changed = all.flatMap(({ kind }, at) => (kind === ' ' ? [] : [at]));
  for (let at = 0; at < changed.length; ) {
    let last = at;
    while (last + 1 < changed.length && (changed[last + 1] ?? 0) - (changed[last] ?? 0) <= context * 2 + 1) last++;
    const from = Math.max(0, (changed[at] ?? 0) - context);
    const to = Math.min(all.length, (changed[last] ?? 0) + context + 1);
    const before = all.slice(0, from);
    hunks.push({
      a: before.filter(({ kind }) => kind !== '+').length,
      b: before.filter(({ kind }) => kind !== '-').length,
      changes: all.slice(from, to),
    });
    at = last + 1;
  }
  return hunks;
}

function range(start: number, count: number): string {
  if (count === 1) return String(start + 1);
  return `${count === 0 ? start : start + 1},${count}`;
}

const noEnd = '\\ No newline at end of file\n';

function unified(hunks: readonly Hunk[]): string {
  return hunks
    .map(({ a, b, changes: lines }) => {
      const [minus, plus] = [
        lines.filter(({ kind }) => kind !== '+').length,
        lines.filter(({ kind }) => kind !== '-').length,
      ];
      const body = lines
        .map(({ kind, line }) => (line.endsWith('\n') ? kind + line : `${kind}${line}\n${noEnd}`))
        .join('');
      return `@@ -${range(a, minus)} +${range(b, plus)} @@\n${body}`;
    })
    .join('');
}

async function textAt(process: ShellProcess, path: string): Promise<string | undefined> {
  const { stderr } = process;
  const write = (text: string): void =>
    stderr.write(text.replace(/^diff: (.*): ([^:]*)\n$/s, "diff: can't stat '$1': $2\n"));
  const input = openInput({ ...process, stderr: { ...stderr, write } }, 'diff', path);
  if (input === undefined) return undefined;
  const text = await input.reader.rest();
  input.file?.release();
  return text;
}

const diff: ShellProgram = async (args, process) => {
  const form = {
    letters: 'uqrNwbBiasTtdU:L:S:',
    long: {
      unified: 'u',
      brief: 'q',
      recursive: 'r',
      'new-file': 'N',
      'ignore-case': 'i',
      'ignore-all-space': 'w',
      label: 'L',
    },
  };
  const options = parseOptions(args, form, process);
  if (options === undefined) return 2;
  const [left, right] = options.words;
  if (left === undefined || right === undefined) {
    process.stderr.write('diff: missing operand\n');
    return 2;
  }
  const isFolder = (path: string): boolean => statOf(process, resolvePath(process.cwd, path))?.type === 'directory';
  if (isFolder(left) && isFolder(right)) return diffFolders(process, options, left, right);
  const name = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  return diffFiles(
    process,
    options,
    isFolder(left) ? join(left, name(right)) : left,
    isFolder(right) ? join(right, name(left)) : right,
  );
};

async function diffFolders(process: ShellProcess, options: Options, left: string, right: string): Promise<number> {
  const { files, cwd, stdout } = process;
  const [one, other] = [files.list(resolvePath(cwd, left)), files.list(resolvePath(cwd, right))];
  let code = 0;
  for (const name of [...new Set([...one, ...other])].toSorted()) {
    const [a, b] = [join(left, name), join(right, name)];
    if (!one.includes(name) || !other.includes(name)) {
      stdout.write(`Only in ${one.includes(name) ? left : right}: ${name}\n`);
      code = 1;
    } else if (statOf(process, resolvePath(cwd, a))?.type === 'directory') {
      if (options.has('r')) code = Math.max(code, await diffFolders(process, options, a, b));
    } else code = Math.max(code, await diffFiles(process, options, a, b));
  }
  return code;
}

async function diffFiles(process: ShellProcess, options: Options, left: string, right: string): Promise<number> {
  const { stdout, files, cwd } = process;
  const [a, b] = [await textAt(process, left), await textAt(process, right)];
  if (a === undefined || b === undefined) return 2;
  if (a === b) {
    if (options.has('s')) stdout.write(`Files ${left} and ${right} are identical\n`);
    return 0;
  }
  if (options.has('q')) {
    stdout.write(`Files ${left} and ${right} differ\n`);
    return 1;
  }
  const lines = (text: string): string[] =>
    (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) =>
      options.has('w')
        ? line.replaceAll(/[ \t]/g, '')
        : options.has('b')
          ? line.replaceAll(/[ \t]+/g, ' ')
          : options.has('i')
            ? line.toLowerCase()
            : line,
    );
  const all = await changes(process, lines(a), lines(b));
  if (all.every(({ kind }) => kind === ' ')) return 0;
  const labels = options.values('L');
  const stamp = (path: string): string =>
    dateText('%Y-%m-%d %H:%M:%S.%N %z', files.stat(resolvePath(cwd, path))?.modifiedAt ?? process.clock.now());
  const isBusybox = labels.length === 0;
  stdout.write(
    `--- ${labels[0] ?? left}${isBusybox && options.has('T') ? `\t${stamp(left)}` : ''}\n+++ ${labels[1] ?? right}\n`,
  );
  stdout.write(unified(hunksOf(all, Number(options.value('U') ?? 3))));
  return 1;
}

export const differenceTools: Readonly<Record<string, ShellProgram>> = { diff };

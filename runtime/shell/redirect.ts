import { errorText } from '../files/errors.ts';
import { FileError } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import { OpenFile } from '../processes/open-file.ts';
import type { Interpreter } from './interpreter.ts';
import type { Redirection } from './language/syntax.ts';
import { readerOf } from './streams.ts';

export class RedirectionError extends Error {}

/** What was there before, by descriptor. */
type Before = (readonly [descriptor: number, file: OpenFile | undefined])[];

/** Does what a redirection says to the shell's own descriptors. Throws RedirectionError. */
export async function redirect({ shell, expander }: Interpreter, redirection: Redirection): Promise<Before> {
  const { descriptor, operator, target } = redirection;
  if (operator === '<<' || operator === '<<<') {
    const text = await expander.text(target);
    return [[descriptor, shell.install(descriptor, textFile(operator === '<<<' ? `${text}\n` : text))]];
  }
  const fields = await expander.wordFields(target);
  const text = fields.length === 1 ? (fields[0] ?? '') : await expander.text(target);
  const open = (path: string): OpenFile => openFor(operator, path, shell);
  switch (operator) {
    case '>&':
    case '<&': {
      const { descriptors } = shell.context;
      if (text === '-') return [[descriptor, shell.install(descriptor, undefined)]];
      const [, digits, moves] = /^(\d+)(-?)$/.exec(text) ?? [];
      if (digits === undefined) {
        if (operator === '<&') throw new RedirectionError(`${text}: bad fd number`);
        return both(open(text));
      }
      const file = descriptors.get(Number(digits));
      if (file === undefined) throw new RedirectionError(`${digits}: Bad file descriptor`);
      const before: Before = [[descriptor, shell.install(descriptor, file.retain())]];
      if (moves === '-') before.push([Number(digits), shell.install(Number(digits), undefined)]);
      return before;
    }
    case '&>':
    case '&>>':
      return both(open(text));
    default:
      return [[descriptor, shell.install(descriptor, open(text))]];
  }

  function both(file: OpenFile): Before {
    return [
      [1, shell.install(1, file)],
      [2, shell.install(2, file.retain())],
    ];
  }
}

function textFile(text: string): OpenFile {
  const reader = readerOf(text);
  return new OpenFile({ name: 'pipe:[0]', read: (options) => reader.chunk(options) });
}

function openFor(operator: string, path: string, { context, options }: Interpreter['shell']): OpenFile {
  const isInput = operator === '<';
  try {
    if (isInput) return context.open(path, { read: true });
    if (operator === '<>') return context.open(path, { read: true, write: true, create: true });
    if (operator.endsWith('>>')) return context.open(path, { write: true, append: true, create: true });
    if (options.has('C') && operator === '>' && context.files.stat(resolvePath(context.cwd, path))?.type === 'file')
      throw new RedirectionError(`can't create ${path}: File exists`);
    return context.open(path, { write: true, truncate: true, create: true });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code !== 'ENOENT')
      throw new RedirectionError(`can't ${isInput ? 'open' : 'create'} ${path}: ${errorText(error.code)}`);
    throw new RedirectionError(
      isInput ? `can't open ${path}: no such file` : `can't create ${path}: nonexistent directory`,
    );
  }
}

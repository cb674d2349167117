import { FileError } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import { builtins } from './builtins/catalog.ts';
import type { Shell } from './shell.ts';

/** What the last word of a line may become, and what all of these have in common beyond it. */
export function completions(
  shell: Shell,
  line: string,
): { readonly found: readonly string[]; readonly common: string } {
  const word = /\S*$/.exec(line)?.[0] ?? '';
  const isCommand = /(^|[;&|(])\s*\S*$/.test(line) && !word.includes('/');
  const found = isCommand ? commands(shell, word) : paths(shell, word);
  const start = isCommand ? word : word.slice(word.lastIndexOf('/') + 1);
  const [only] = found;
  if (found.length === 1 && only !== undefined)
    return { found, common: only.slice(start.length) + (only.endsWith('/') ? '' : ' ') };
  let common = only ?? '';
  for (const one of found) while (!one.startsWith(common)) common = common.slice(0, -1);
  return { found, common: common.slice(start.length) };
}

function commands({ context, variables, functions }: Shell, word: string): string[] {
  const folders = (variables.get('PATH') ?? '').split(':');
  const names = folders.flatMap((folder) => namesIn(context, folder));
  return [...new Set([...builtins.keys(), ...functions.keys(), ...names])]
    .filter((name) => name.startsWith(word))
    .toSorted();
}

function namesIn({ files }: Shell['context'], folder: string): readonly string[] {
  try {
    return files.list(folder);
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}

function paths({ context }: Shell, word: string): string[] {
  const slash = word.lastIndexOf('/') + 1;
  const folder = resolvePath(context.cwd, word.slice(0, slash) || '.');
  const start = word.slice(slash);
  return namesIn(context, folder)
    .filter((name) => name.startsWith(start) && (start !== '' || !name.startsWith('.')))
    .map((name) => (context.files.isDirectory(resolvePath(folder, name)) ? `${name}/` : name));
}

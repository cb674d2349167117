import { resolvePath } from '../files/path.ts';
import type { ShellProgram } from './shell-process.ts';

/** `find [PATH]... [-mindepth N] [-maxdepth N] [-type f|d] [-print | -delete]`. */
export const find: ShellProgram = (args, { files, cwd, stdout, stderr }) => {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const paths = first < 0 ? args : args.slice(0, first);
  const tests = first < 0 ? [] : args.slice(first);
  const after = (name: string): string | undefined =>
    tests.includes(name) ? tests[tests.indexOf(name) + 1] : undefined;
  const least = Number(after('-mindepth') ?? 0);
  const most = Number(after('-maxdepth') ?? Number.POSITIVE_INFINITY);
  const type = after('-type');
  const isDeleting = tests.includes('-delete');
  const visit = (shown: string, path: string, depth: number): void => {
    const isDirectory = files.isDirectory(path);
    const look = (): void => {
      if (depth < least || (type !== undefined && (type === 'd') !== isDirectory)) return;
      if (isDeleting) files.remove(path);
      else stdout.write(`${shown}\n`);
    };
    // What is deleted goes after what it holds.
    if (!isDeleting) look();
    if (isDirectory && depth < most)
      for (const name of files.list(path)) visit(`${shown}/${name}`, resolvePath(path, name), depth + 1);
    if (isDeleting) look();
  };
  let code = 0;
  for (const shown of paths.length === 0 ? ['.'] : paths) {
    const path = resolvePath(cwd, shown);
    if (files.isDirectory(path) || files.read(path) !== undefined) visit(shown, path, 0);
    else {
      stderr.write(`find: ${shown}: No such file or directory\n`);
      code = 1;
    }
  }
  return code;
};

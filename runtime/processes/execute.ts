import { FileError, type FileTree } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import { mayUse } from './process-files.ts';
import { type Credentials, ExecError, type Program } from './program.ts';

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Programs are files that say which they are: copied or linked, they stay what they are. */
const mark = '\u007fELF\u0002\u0001\u0001\0simulated:';

/** The text of a program's file. */
export function executableText(name: string): string {
  return `${mark}${name}\n`;
}

/** Which program a file is, if it is one. */
export function executableName(text: string): string | undefined {
  return text.startsWith(mark) ? text.slice(mark.length).trimEnd() : undefined;
}

export interface ExecutionSetup {
  readonly files: FileTree;
  readonly cwd: string;
  readonly user: Credentials;
  readonly environment: ReadonlyMap<string, string>;
  /** By the name that stands in its file. */
  readonly programs: ReadonlyMap<string, Program>;
  /** For a name that is no file at all: images that nobody knows have any program. */
  unknown?(name: string): Program | undefined;
}

export interface Execution {
  readonly program: Program;
  readonly args: readonly string[];
}

/** Where a command is: the words of a container runtime when it is nowhere. */
export function findProgram(name: string, setup: ExecutionSetup): string {
  const { environment, files, cwd, user } = setup;
  if (name.includes('/')) {
    const path = resolvePath(cwd, name);
    const stat = statOf(files, path);
    if (stat === undefined)
      throw new ExecError('ENOENT', `exec: ${JSON.stringify(name)}: stat ${name}: no such file or directory`);
    if (stat.type === 'directory') throw new ExecError('EACCES', `exec: ${JSON.stringify(name)}: permission denied`);
    if (!mayUse(user, stat, 1)) throw new ExecError('EACCES', `exec: ${JSON.stringify(name)}: permission denied`);
    return path;
  }
  const found = name === '' ? undefined : lookUp(name, environment.get('PATH') ?? defaultPath, setup);
  if (found === undefined)
    throw new ExecError('ENOENT', `exec: ${JSON.stringify(name)}: executable file not found in $PATH`);
  return found;
}

function statOf(files: FileTree, path: string) {
  try {
    return files.stat(path);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** Along a PATH; undefined: nowhere. */
export function lookUp(
  name: string,
  path: string,
  { files, cwd, user }: Pick<ExecutionSetup, 'files' | 'cwd' | 'user'>,
): string | undefined {
  for (const folder of path.split(':')) {
    const full = resolvePath(cwd, `${folder === '' ? '.' : folder}/${name}`);
    const stat = statOf(files, full);
    if (stat !== undefined && stat.type !== 'directory' && mayUse(user, stat, 1)) return full;
  }
  return undefined;
}

const maxInterpreters = 4;

/** What runs for a command line. Throws ExecError. */
export function executionOf(args: readonly string[], setup: ExecutionSetup, depth = 0): Execution {
  const [name = ''] = args;
  let path: string;
  try {
    path = findProgram(name, setup);
  } catch (error) {
    const program = error instanceof ExecError && error.code === 127 ? setup.unknown?.(name) : undefined;
    if (program === undefined) throw error;
    return { program, args };
  }
  const text = setup.files.read(path) ?? '';
  const known = executableName(text);
  if (known !== undefined) {
    const program = setup.programs.get(known) ?? setup.unknown?.(known);
    if (program === undefined) throw new ExecError('ENOEXEC', `exec: ${JSON.stringify(name)}: exec format error`);
    return { program, args };
  }
  const [, interpreter, option] = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*\S))?[ \t]*(?:\n|$)/.exec(text.slice(0, 256)) ?? [];
  if (interpreter === undefined || depth >= maxInterpreters)
    throw new ExecError('ENOEXEC', `exec ${name}: exec format error`);
  const words = [interpreter, ...(option === undefined ? [] : [option]), name.includes('/') ? name : path];
  try {
    return executionOf([...words, ...args.slice(1)], setup, depth + 1);
  } catch (error) {
    if (error instanceof ExecError && error.code === 127)
      throw new ExecError('ENOENT', `exec ${name}: no such file or directory`);
    throw error;
  }
}

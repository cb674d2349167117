import { resolvePath } from '../files/path.ts';
import { defaultPath, executableName, lookUp } from '../processes/execute.ts';
import { ExecError, type SpawnOptions } from '../processes/program.ts';
import type { Interpreter } from './interpreter.ts';
import { inForeground } from './jobs.ts';
import { Shell } from './shell.ts';
import { BrokenPipe } from './streams.ts';

export async function runBuiltin(run: () => Promise<number> | number, shell: Shell, name: string): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof BrokenPipe)) throw error;
    shell.complainShort(
      name === 'echo' || name === 'printf' ? `write error: ${error.message}` : `${name}: ${error.message}`,
    );
    return 1;
  }
}

/** Starts a program as a process of its own, or in the shell's place. */
export async function runProgram(interpreter: Interpreter, args: readonly string[], isLast = false): Promise<number> {
  const { shell } = interpreter;
  const { context } = shell;
  const [name = ''] = args;
  const environment = shell.variables.environment();
  const path = shell.variables.get('PATH');
  if (path !== undefined) environment.set('PATH', path);
  const options: SpawnOptions = { args, environment, cwd: context.cwd };
  try {
    if (isLast) return await context.become(options);
    const group = shell.options.has('m') ? ('new' as const) : undefined;
    const child = context.spawn({ ...options, ...(group === undefined ? {} : { group }) });
    const [exit] = await inForeground(shell, [child], group === undefined ? undefined : child.pid);
    return exit?.code ?? 0;
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    return failedStart(interpreter, args, error, name);
  }
}

async function failedStart(
  interpreter: Interpreter,
  args: readonly string[],
  error: ExecError,
  name: string,
): Promise<number> {
  const { shell } = interpreter;
  if (error.reason === 'ENOEXEC') {
    const script = scriptAt(shell, name);
    if (script !== undefined) return runScriptFile(interpreter, script, args);
  }
  if (error.reason === 'ENOENT') complainMissing(shell, name);
  else if (error.reason === 'EACCES')
    shell.complain(
      shell.isBash && shell.context.files.isDirectory(resolvePath(shell.context.cwd, name))
        ? `${name}: Is a directory`
        : `${name}: Permission denied`,
    );
  else shell.complain(`${name}: Exec format error`);
  return error.code;
}

function complainMissing(shell: Shell, name: string): void {
  if (!shell.isBash) shell.complain(name === '' ? ': Permission denied' : `${name}: not found`);
  else shell.complain(name.includes('/') ? `${name}: No such file or directory` : `${name}: command not found`);
}

/** The text of a file that is no program: a script without a first line that says so. */
function scriptAt({ context, variables }: Shell, name: string): string | undefined {
  const path = name.includes('/')
    ? resolvePath(context.cwd, name)
    : lookUp(name, variables.get('PATH') ?? defaultPath, context);
  const text = path === undefined ? undefined : context.files.read(path);
  return text === undefined ||
    executableName(text) !== undefined ||
    text.startsWith('#!') ||
    text.slice(0, 256).includes('\0')
    ? undefined
    : text;
}

async function runScriptFile(
  interpreter: Interpreter,
  text: string,
  [name = '', ...parameters]: readonly string[],
): Promise<number> {
  const { shell } = interpreter;
  const isMonitored = shell.options.has('m');
  const run = async (inner: Shell): Promise<number> => {
    const fresh = Shell.create(inner.context, { isBash: shell.isBash, name });
    for (const [variable, value] of shell.variables.environment()) {
      fresh.variables.set(variable, value);
      fresh.variables.flags(variable).isExported = true;
    }
    fresh.parameters = parameters;
    fresh.hasLines = true;
    const inside = interpreter.inside(fresh);
    return inside.contained(() => inside.source(text));
  };
  const child = shell.fork(run, isMonitored ? { group: 'new' } : {});
  const [exit] = await inForeground(shell, [child], isMonitored ? child.pid : undefined);
  return exit?.code ?? 0;
}

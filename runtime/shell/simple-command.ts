import { resolvePath } from '../files/path.ts';
import { defaultPath, executableName, lookUp } from '../processes/execute.ts';
import { ExecError, type SpawnOptions } from '../processes/program.ts';
import { assign, assignmentText } from './assignments.ts';
import { builtins, specialBuiltins } from './builtins/catalog.ts';
import { Leave } from './control.ts';
import { Interpreter } from './interpreter.ts';
import { childExit } from './jobs.ts';
import type { Command, SimpleCommand } from './language/syntax.ts';
import { quotedIfNeeded } from './quote.ts';
import { Shell } from './shell.ts';
import { BrokenPipe } from './streams.ts';
import type { Variable } from './variables.ts';

/** `isLast`: nothing comes after it: a program may take the shell's place. */
export async function runSimple(interpreter: Interpreter, command: SimpleCommand, isLast = false): Promise<number> {
  const { shell, expander } = interpreter;
  const { assignments, words, declared } = command;
  shell.line = command.line;
  shell.substitutionCode = undefined;
  const fields: string[] = [];
  for (const [index, word] of words.entries()) {
    const assignment = declared.get(index);
    if (assignment === undefined) fields.push(...(await expander.wordFields(word)));
    else fields.push(await assignmentText(assignment, interpreter));
  }
  const [name, ...args] = fields;
  if (name === undefined) {
    for (const assignment of assignments) await assign(assignment, interpreter);
    await trace(interpreter, command, []);
    return shell.substitutionCode ?? 0;
  }
  const body = shell.functions.get(name);
  const isSpecial = specialBuiltins.has(name) && body === undefined;
  const before: (readonly [string, Variable | undefined])[] = [];
  for (const assignment of assignments) {
    const entry = shell.variables.entry(assignment.name);
    if (!isSpecial) before.push([assignment.name, entry === undefined ? undefined : { ...entry }]);
    await assign(assignment, interpreter);
    if (!isSpecial) shell.variables.flags(assignment.name).isExported = true;
  }
  await trace(interpreter, command, fields);
  try {
    return await perform(interpreter, { name, args, body, isLast });
  } finally {
    for (const [variable, entry] of before) shell.variables.restore(variable, entry);
  }
}

async function trace({ shell }: Interpreter, { assignments }: SimpleCommand, fields: readonly string[]): Promise<void> {
  if (!shell.options.has('x')) return;
  const head = shell.variables.get('PS4') ?? '+ ';
  const given = assignments.map(({ name }) => `${name}=${shell.variables.get(name) ?? ''}`);
  const quoted = fields.map((field) =>
    shell.isBash || /[\s'"\\$`*?[\]();&|<>~]|^$/.test(field) ? quotedIfNeeded(field) : field,
  );
  if (given.length + quoted.length === 0) return;
  shell.context.stderr.write(`${head}${[...given, ...quoted].join(' ')}\n`);
}

interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly body: Command | undefined;
  readonly isLast: boolean;
}

async function perform(interpreter: Interpreter, { name, args, body, isLast }: Call): Promise<number> {
  const { shell } = interpreter;
  if (body !== undefined) return call(interpreter, body, args, name);
  const builtin = builtins.get(name);
  if (builtin !== undefined) return runBuiltin(() => builtin(args, interpreter), shell, name);
  return runProgram(interpreter, [name, ...args], isLast);
}

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

async function call(interpreter: Interpreter, body: Command, args: readonly string[], name: string): Promise<number> {
  const { shell } = interpreter;
  const { parameters, loopDepth } = shell;
  shell.parameters = args;
  shell.loopDepth = 0;
  shell.variables.enter();
  if (shell.isBash) {
    shell.variables.local('FUNCNAME');
    shell.variables.set('FUNCNAME', name);
  }
  try {
    return await interpreter.command(body);
  } catch (error) {
    if (error instanceof Leave && error.what === 'return') return error.value;
    throw error;
  } finally {
    shell.variables.leave();
    shell.parameters = parameters;
    shell.loopDepth = loopDepth;
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
    const { code } = await childExit(shell, child.exited, group === undefined ? undefined : child.pid);
    return code;
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
  if (!shell.isBash) shell.complain(`${name}: not found`);
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
  { shell }: Interpreter,
  text: string,
  [name = '', ...parameters]: readonly string[],
): Promise<number> {
  const child = shell.fork(async (inner) => {
    const fresh = Shell.create(inner.context, { isBash: shell.isBash, name });
    for (const [variable, value] of shell.variables.environment()) {
      fresh.variables.set(variable, value);
      fresh.variables.flags(variable).isExported = true;
    }
    fresh.parameters = parameters;
    fresh.hasLines = true;
    const interpreter = new Interpreter(fresh);
    return interpreter.contained(() => interpreter.source(text));
  });
  const { code } = await childExit(shell, child.exited);
  return code;
}

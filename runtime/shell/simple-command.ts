import { assign, assignmentText } from './assignments.ts';
import { builtins, specialBuiltins } from './builtins/catalog.ts';
import { Leave } from './control.ts';
import type { Interpreter } from './interpreter.ts';
import type { Command, SimpleCommand } from './language/syntax.ts';
import { runBuiltin, runProgram } from './program-command.ts';
import { quotedIfNeeded, quotedInTrace } from './quote.ts';
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
    else {
      const isAssociative = fields.some((field) => /^-\w*A/.test(field));
      fields.push(await assignmentText(assignment, interpreter, isAssociative));
    }
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
  const quote = shell.isBash ? quotedIfNeeded : quotedInTrace;
  const given = assignments.map(({ name }) => `${name}=${quote(shell.variables.get(name) ?? '')}`);
  const quoted = fields.map(quote);
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

import { MemoryTree } from '../files/memory-tree.ts';
import { runScript } from '../shell/interpreter.ts';
import type { ShellProcess, ShellProgram } from '../shell/shell-process.ts';
import type { Program, ProgramContext } from './process.ts';

/** What a shell runs as the first process of a container: `words` are its command line. */
export function shellProgram(words: readonly string[]): Program {
  return async (context) => {
    const { clock, random, environment, files, network, facts, killed, onTerminate, stdin, stdout, stderr } = context;
    const pending = new Set<string>();
    const variables = new Map([['HOME', '/root'], ['PATH', '/bin:/usr/bin'], ['PWD', '/'], ...environment]);
    const process: ShellProcess = {
      clock,
      random,
      files: files ?? new MemoryTree(),
      network,
      hostname: facts.hostname,
      variables,
      exported: new Set(variables.keys()),
      functions: new Map(),
      traps: new Map(),
      parameters: ['sh'],
      cwd: '/',
      lastCode: 0,
      stdin,
      stdout,
      stderr,
      killed,
      pending,
      jobs: [],
      programs: new Map(
        Object.entries(context.programs).map(([path, program]) => [
          path.slice(path.lastIndexOf('/') + 1),
          inShell(path, program, context),
        ]),
      ),
      options: new Set(),
    };
    onTerminate(() => pending.add('TERM'));
    // The first process is the shell itself: signals are for it.
    const at = isShell(words) ? words.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word)) : -1;
    if (at < 0) return runScript(words.map(quoted).join(' '), process);
    const [text = '', ...parameters] = words.slice(at + 1);
    if (parameters.length > 0) process.parameters = parameters;
    if (words.slice(1, at + 1).some((word) => word.includes('e'))) process.options.add('e');
    return runScript(text, process);
  };
}

/** A program of the image as shells call it. */
function inShell(name: string, program: Program, context: ProgramContext): ShellProgram {
  return (args, { cwd, variables, exported, stdin, stdout, stderr, killed }) => {
    const environment = new Map([...variables].filter(([variable]) => exported.has(variable)));
    return program({ ...context, args: [name, ...args], cwd, environment, stdin, stdout, stderr, killed });
  };
}

/** Of a command line. */
export function isShell([name = '']: readonly string[]): boolean {
  return /(^|\/)(sh|bash|ash)$/.test(name);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

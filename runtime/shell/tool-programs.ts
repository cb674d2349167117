import type { Program, ProgramContext } from '../processes/program.ts';
import { builtins } from './builtins.ts';
import { runScript } from './interpreter.ts';
import type { ShellProcess, ShellProgram } from './shell-process.ts';

const shells = ['sh', 'ash', 'bash'];

/** What every image with a shell has in /bin, by name. */
export function toolPrograms(): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>();
  for (const [name, tool] of builtins) programs.set(name, asProgram(tool));
  for (const name of shells) programs.set(name, shell);
  return programs;
}

function asProgram(tool: ShellProgram): Program {
  return (context) => tool(context.args.slice(1), shellProcessOf(context));
}

function shellProcessOf(context: ProgramContext): ShellProcess {
  const variables = new Map([['HOME', '/root'], ['PWD', context.cwd], ...context.environment]);
  const pending = new Set<string>();
  context.onTerminate(() => pending.add('TERM'));
  return {
    ...context,
    hostname: context.facts.hostname,
    variables,
    exported: new Set(variables.keys()),
    functions: new Map(),
    traps: new Map(),
    parameters: ['sh'],
    lastCode: 0,
    pending,
    jobs: [],
    programs: new Map(),
    options: new Set(),
  };
}

const shell: Program = async (context) => {
  const process = shellProcessOf(context);
  const { args } = context;
  const at = args.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word));
  if (at >= 0) {
    const [text = '', ...parameters] = args.slice(at + 1);
    if (parameters.length > 0) process.parameters = parameters;
    return runScript(text, process);
  }
  return runScript(await context.stdin.rest(), process);
};

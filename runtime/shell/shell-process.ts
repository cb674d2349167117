import type { Program, ProgramContext } from '../processes/program.ts';

/** What a tool sees: all that a program does, and its environment by another name. */
export interface ShellProcess extends ProgramContext {
  readonly hostname: string;
  readonly variables: ReadonlyMap<string, string>;
}

/** A tool: words without its name. Answers with the exit code. */
export type ShellProgram = (args: readonly string[], process: ShellProcess) => Promise<number> | number;

/** A tool as a program that can be started. */
export function programOf(tool: ShellProgram): Program {
  return (context) => tool(context.args.slice(1), toolProcess(context));
}

export function toolProcess(context: ProgramContext): ShellProcess {
  return { ...context, hostname: context.facts.hostname, variables: context.environment };
}

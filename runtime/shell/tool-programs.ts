import type { Program } from '../processes/program.ts';
import { networkPrograms } from './network/tools.ts';
import { programOf } from './shell-process.ts';
import { tools } from './tools/catalog.ts';

const shells = ['sh', 'ash', 'bash'];

/** What every image with a shell has in /bin, by name. Nothing of it is loaded before it runs. */
export function toolPrograms(): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>();
  for (const [name, tool] of tools) programs.set(name, programOf(tool));
  for (const [name, program] of networkPrograms) programs.set(name, program);
  for (const name of shells)
    programs.set(name, async (context) => (await import('./run-shell.ts')).shellProgram(context));
  return programs;
}

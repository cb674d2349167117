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
  const load = () => import('./run-shell.ts');
  const shell: Program = async (context) => (await load()).shellProgram(context);
  for (const name of shells) programs.set(name, Object.assign(shell, { load }));
  return programs;
}

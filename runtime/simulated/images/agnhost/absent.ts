import type { CommandProgram } from './command.ts';

/** A command that is not played: says so rather than pretend. */
export function absent(name: string): CommandProgram {
  return ({ stderr }) => {
    stderr.write(`Error: agnhost ${name} is not part of the simulated image\n`);
    return 1;
  };
}

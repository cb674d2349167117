import type { Program } from '../processes/program.ts';

export type { ContainerFacts, Program, ProgramContext } from '../processes/program.ts';

const killedCode = 137;

/** Stays up until it is told to end, then ends well: any server. */
export const server: Program = ({ killed, onTerminate }) =>
  new Promise((resolve) => {
    onTerminate(() => resolve(0));
    killed.addEventListener('abort', () => resolve(killedCode), { once: true });
  });

/** Stays up and takes no notice of a wish to end. */
export const deaf: Program = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener('abort', () => resolve(killedCode), { once: true }));

import type { Interpreter } from '../interpreter.ts';

/** What a shell does itself. */
export type Builtin = (args: readonly string[], interpreter: Interpreter) => Promise<number> | number;

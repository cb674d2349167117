import type { Builtin } from './builtin.ts';
import { flowBuiltins } from './flow.ts';
import { optionBuiltins } from './getopts.ts';
import { jobBuiltins } from './job-control.ts';
import { lookupBuiltins } from './lookup.ts';
import { outputBuiltins } from './output.ts';
import { placeBuiltins } from './place.ts';
import { readBuiltins } from './read.ts';
import { settingBuiltins } from './settings.ts';
import { signalBuiltins } from './signalling.ts';
import { variableBuiltins } from './variables.ts';

/** What a shell does itself, by name. */
export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...flowBuiltins,
  ...jobBuiltins,
  ...lookupBuiltins,
  ...optionBuiltins,
  ...outputBuiltins,
  ...placeBuiltins,
  ...readBuiltins,
  ...settingBuiltins,
  ...signalBuiltins,
  ...variableBuiltins,
]);

/** What is assigned before them stays. */
export const specialBuiltins: ReadonlySet<string> = new Set([
  ':',
  '.',
  'break',
  'continue',
  'eval',
  'exec',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'times',
  'trap',
  'unset',
]);

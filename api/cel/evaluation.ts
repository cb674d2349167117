import type { CheckedAst } from './ast.ts';
import { declareFunctions } from './declarations.ts';
import { jsonPatchLibrary } from './kubernetes-functions.ts';
import { baseLibraries, bindingsLibrary } from './libraries.ts';
import { implementations } from './library/implementations.ts';
import { createRegexFunctions } from './library/regex.ts';
import { createFunctionTable } from './runtime/functions.ts';
import type { NewObject } from './runtime/planner.ts';
import { createProgram, type Program } from './runtime/program.ts';

/** Makes programs of checked expressions. */
export interface Evaluator {
  /** Throws ProgramError for constants that do not convert and patterns that are none. */
  program(ast: CheckedAst, newObject?: NewObject): Program;
}

/** With all functions of Kubernetes 1.36; one serves all expressions of a server. */
export function createEvaluator(): Evaluator {
  const regex = createRegexFunctions();
  const declarations = declareFunctions([...baseLibraries, bindingsLibrary, jsonPatchLibrary]);
  const functions = createFunctionTable(declarations, { ...implementations, ...regex.implementations });
  const { withPattern } = regex;
  return {
    program: (ast, newObject) => createProgram(ast, { functions, withPattern, ...(newObject && { newObject }) }),
  };
}

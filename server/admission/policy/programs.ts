import type { CheckedAst } from '../../../api/cel/ast.ts';
import { declareFunctions } from '../../../api/cel/declarations.ts';
import { jsonPatchLibrary } from '../../../api/cel/kubernetes-functions.ts';
import { baseLibraries } from '../../../api/cel/libraries.ts';
import { implementations } from '../../../api/cel/library/implementations.ts';
import { newPatchObject } from '../../../api/cel/library/json-patch.ts';
import { createRegexFunctions } from '../../../api/cel/library/regex.ts';
import { createFunctionTable } from '../../../api/cel/runtime/functions.ts';
import { ProgramError } from '../../../api/cel/runtime/planner.ts';
import { createProgram, type Program } from '../../../api/cel/runtime/program.ts';
import type { CompiledExpression } from '../../resources/admissionregistration/expression-compiler.ts';

/** An expression that can run, or why it cannot. */
export interface Runnable {
  readonly expression: string;
  readonly program?: Program;
  readonly error?: string;
}

/** Makes programs of checked expressions; they share the functions and remembered patterns. */
export function createPrograms(): (compiled: CompiledExpression) => Runnable {
  const regex = createRegexFunctions();
  const functions = createFunctionTable(declareFunctions([...baseLibraries, jsonPatchLibrary]), {
    ...implementations,
    ...regex.implementations,
  });
  const programOf = (ast: CheckedAst): Program =>
    createProgram(ast, { functions, newObject: newPatchObject, withPattern: regex.withPattern });
  return ({ expression, program, error }) => {
    if (program === undefined) return { expression, error: error ?? '' };
    try {
      return { expression, program: programOf(program.ast) };
    } catch (problem) {
      if (!(problem instanceof ProgramError)) throw problem;
      return { expression, error: `program instantiation failed: ${problem.message}` };
    }
  };
}

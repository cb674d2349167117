import type { CheckedAst } from './ast.ts';
import { check } from './checker/checker.ts';
import { validate } from './checker/validators.ts';
import type { SizeHint } from './cost/call-estimates.ts';
import type { Estimate } from './cost/estimate.ts';
import { estimateCost } from './cost/estimator.ts';
import { declareFunctions, type FunctionDeclaration, type Library } from './declarations.ts';
import { createEvaluator, type Evaluator } from './evaluation.ts';
import { baseLibraries, macrosOf } from './libraries.ts';
import type { Macros } from './parser/macros.ts';
import { parse } from './parser/parser.ts';
import type { Activation } from './runtime/frame.ts';
import { type NewObject, ProgramError } from './runtime/planner.ts';
import type { EvaluateOptions, Evaluation } from './runtime/program.ts';
import { formatIssues, type Issue } from './source.ts';
import type { Type, TypeProvider } from './types.ts';

/** What expressions may name; `extend` adds to it. */
export interface Environment {
  extend(additions: EnvironmentAdditions): Environment;
  compile(text: string): Compiled;
}

export interface EnvironmentAdditions {
  readonly variables?: Readonly<Record<string, Type>>;
  readonly libraries?: readonly Library[];
  /** Asked before the providers that are already there. */
  readonly provider?: TypeProvider;
  /** Makes the objects that expressions construct. */
  readonly newObject?: NewObject;
}

/** `issues` is the whole text for a message, in cel-go's words. */
export type Compiled =
  | { readonly program: Program; readonly issues?: never }
  | { readonly issues: string; readonly program?: never };

export interface Program {
  readonly ast: CheckedAst;
  readonly outputType: Type;
  /** Whether the expression mentions the variable. */
  uses(variable: string): boolean;
  /** `sizeHint` says what schemas know of sizes; without one all is unbounded. */
  estimateCost(sizeHint?: SizeHint): Estimate;
  /** Why the expression cannot be run though it has no issues: a constant that does not convert. Rare. */
  programError(): string | undefined;
  evaluate(activation: Activation, options?: EvaluateOptions): Evaluation;
}

/** Kubernetes 1.36's base environment: its functions, no variables. */
export function createEnvironment(additions: EnvironmentAdditions = {}): Environment {
  const parts = { libraries: baseLibraries, variables: new Map(), providers: [], evaluator: once(createEvaluator) };
  return environment(parts).extend(additions);
}

interface Parts {
  readonly libraries: readonly Library[];
  readonly variables: ReadonlyMap<string, Type>;
  readonly providers: readonly TypeProvider[];
  readonly newObject?: NewObject;
  /** One for all environments that extend one another. */
  readonly evaluator: () => Evaluator;
}

interface Prepared {
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly macros: Macros;
}

function environment(parts: Parts, inherited?: Prepared): Environment {
  let prepared = inherited;
  const provider = joinProviders(parts.providers);
  return {
    extend: ({ variables = {}, libraries = [], provider, newObject }) => {
      const extended: Parts = {
        ...parts,
        ...(newObject && { newObject }),
        libraries: [...parts.libraries, ...libraries],
        variables: new Map([...parts.variables, ...Object.entries(variables)]),
        providers: provider === undefined ? parts.providers : [provider, ...parts.providers],
      };
      if (libraries.length > 0) return environment(extended);
      prepared ??= prepare(parts.libraries);
      return environment(extended, prepared);
    },
    compile: (text) => {
      prepared ??= prepare(parts.libraries);
      const { functions, macros } = prepared;
      const { expr, issues } = parse(text, macros);
      if (expr === undefined || issues.length > 0) return failed(text, issues);
      const checked = check(expr, { functions, variables: parts.variables, provider });
      if (checked.issues.length > 0) return failed(text, checked.issues);
      const invalid = validate(checked.ast);
      return invalid.length > 0 ? failed(text, invalid) : { program: programOf(checked.ast, parts) };
    },
  };
}

function failed(text: string, issues: readonly Issue[]): Compiled {
  return { issues: formatIssues(text, issues) };
}

/** Declarations are read from their notation once, when the first expression comes. */
function prepare(libraries: readonly Library[]): Prepared {
  return {
    functions: declareFunctions(libraries),
    macros: new Map(libraries.flatMap(macrosOf)),
  };
}

function joinProviders(providers: readonly TypeProvider[]): TypeProvider {
  return {
    findType: (name) => firstOf(providers, (each) => each.findType(name)),
    findField: (name, field) => firstOf(providers, (each) => each.findField(name, field)),
    fieldNames: (name) => {
      return providers.find((each) => each.findType(name) !== undefined)?.fieldNames(name) ?? [];
    },
  };
}

function firstOf<T>(
  providers: readonly TypeProvider[],
  find: (provider: TypeProvider) => T | undefined,
): T | undefined {
  for (const provider of providers) {
    const found = find(provider);
    if (found !== undefined) return found;
  }
  return undefined;
}

function programOf(ast: CheckedAst, { evaluator, newObject }: Parts): Program {
  const runnable = once(() => evaluator().program(ast, newObject));
  return {
    ast,
    outputType: ast.outputType,
    uses: (variable) => {
      for (const reference of ast.references.values()) {
        if (reference.kind === 'ident' && reference.name === variable) return true;
      }
      return false;
    },
    estimateCost: (sizeHint = () => undefined) => estimateCost(ast, sizeHint),
    programError: () => {
      try {
        runnable();
        return undefined;
      } catch (error) {
        if (error instanceof ProgramError) return error.message;
        throw error;
      }
    },
    evaluate: (activation, options) => runnable().evaluate(activation, options),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

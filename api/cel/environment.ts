import type { CheckedAst } from './ast.ts';
import { check } from './checker/checker.ts';
import { validate } from './checker/validators.ts';
import type { SizeHint } from './cost/call-estimates.ts';
import type { Estimate } from './cost/estimate.ts';
import { estimateCost } from './cost/estimator.ts';
import { declareFunctions, type FunctionDeclaration, type Library } from './declarations.ts';
import { baseLibraries, macrosOf } from './libraries.ts';
import type { Macros } from './parser/macros.ts';
import { parse } from './parser/parser.ts';
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
}

/** Kubernetes 1.36's base environment: its functions, no variables. */
export function createEnvironment(additions: EnvironmentAdditions = {}): Environment {
  return environment({ libraries: baseLibraries, variables: new Map(), providers: [] }).extend(additions);
}

interface Parts {
  readonly libraries: readonly Library[];
  readonly variables: ReadonlyMap<string, Type>;
  readonly providers: readonly TypeProvider[];
}

interface Prepared {
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly macros: Macros;
}

function environment(parts: Parts, inherited?: Prepared): Environment {
  let prepared = inherited;
  const provider = joinProviders(parts.providers);
  return {
    extend: ({ variables = {}, libraries = [], provider }) => {
      const extended: Parts = {
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
      return invalid.length > 0 ? failed(text, invalid) : { program: programOf(checked.ast) };
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

function programOf(ast: CheckedAst): Program {
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
  };
}

import { createEnvironment, type Environment, type Program } from '../../../api/cel/environment.ts';
import { jsonPatchLibrary } from '../../../api/cel/kubernetes-functions.ts';
import {
  authorizerType,
  boolType,
  dynType,
  listType,
  nullType,
  resourceCheckType,
  sameType,
  stringType,
  type Type,
  type TypeProvider,
  typeName,
} from '../../../api/cel/types.ts';
import {
  appliedObjectType,
  jsonPatchType,
  namespaceType,
  patchTypes,
  requestType,
  requestTypes,
  variablesType,
  variableType,
} from './expression-types.ts';
import type { ExpressionUse } from './expressions.ts';

export interface CompiledExpression {
  readonly expression: string;
  readonly program?: Program;
  /** Why there is no program. */
  readonly error?: string;
}

/** Variables of a policy by name, in the order in which they were declared. */
export interface Composition {
  readonly variables: ReadonlyMap<string, CompiledExpression>;
  /** Later expressions may use it, whether it compiles or not. */
  declare(name: string, expression: string, options: ExpressionOptions): CompiledExpression;
  compile(kind: ExpressionUse['kind'], expression: string, options: ExpressionOptions): CompiledExpression;
}

export interface ExpressionOptions {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
}

export interface ExpressionCompiler {
  compile(kind: ExpressionUse['kind'], expression: string, options: ExpressionOptions): CompiledExpression;
  compose(): Composition;
}

/** Undefined: any. */
const resultTypes: Readonly<Record<ExpressionUse['kind'], readonly Type[] | undefined>> = {
  matchCondition: [boolType],
  variable: undefined,
  validation: [boolType],
  message: [stringType],
  auditAnnotation: [stringType, nullType],
  applyConfiguration: [appliedObjectType],
  jsonPatch: [listType(jsonPatchType)],
};

export function compileWith(
  environment: Environment,
  kind: ExpressionUse['kind'],
  expression: string,
): CompiledExpression {
  const { program, issues } = environment.compile(expression);
  if (program === undefined) return { expression, error: `compilation failed: ${issues}` };
  const expected = resultTypes[kind];
  if (expected === undefined || expected.some((type) => sameType(type, program.outputType)))
    return { expression, program };
  const actual = typeName(program.outputType);
  const [first] = expected;
  const wanted =
    expected.length === 1 && first !== undefined ? typeName(first) : `one of [${expected.map(typeName).join(' ')}]`;
  return { expression, error: `must evaluate to ${wanted} but got ${actual}` };
}

/** Environments are the same for all policies but for their variables: they are made once, when first needed. */
export function createExpressionCompiler(): ExpressionCompiler {
  const environments = new Map<string, Environment>();
  const environmentOf = (kind: ExpressionUse['kind'], { hasParams, hasAuthorizer }: ExpressionOptions): Environment => {
    const hasPatchTypes = kind === 'applyConfiguration' || kind === 'jsonPatch';
    const key = `${hasParams} ${hasAuthorizer} ${hasPatchTypes}`;
    const known = environments.get(key);
    if (known !== undefined) return known;
    const base = createEnvironment({
      provider: requestTypes,
      variables: {
        object: dynType,
        oldObject: dynType,
        namespaceObject: namespaceType,
        request: requestType,
        ...(hasParams ? { params: dynType } : {}),
        ...(hasAuthorizer ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } : {}),
      },
    });
    const made = hasPatchTypes ? base.extend({ provider: patchTypes, libraries: [jsonPatchLibrary] }) : base;
    environments.set(key, made);
    return made;
  };
  return {
    compile: (kind, expression, options) => compileWith(environmentOf(kind, options), kind, expression),
    compose: () => composition(environmentOf),
  };
}

/** `variables`, with the types of those declared so far. */
export function composition(
  environmentOf: (kind: ExpressionUse['kind'], options: ExpressionOptions) => Environment,
): Composition {
  const variables = new Map<string, CompiledExpression>();
  const provider: TypeProvider = {
    findType: (name) => (name === variablesType.name ? variablesType : undefined),
    findField: (name, field) => {
      const variable = name === variablesType.name ? variables.get(field) : undefined;
      return variable && variableType(variable.program?.outputType);
    },
    fieldNames: (name) => (name === variablesType.name ? [...variables.keys()] : []),
  };
  const compile: Composition['compile'] = (kind, expression, options) => {
    const environment = environmentOf(kind, options).extend({ provider, variables: { variables: variablesType } });
    return compileWith(environment, kind, expression);
  };
  return {
    variables,
    compile,
    declare(name, expression, options) {
      const compiled = compile('variable', expression, options);
      variables.set(name, compiled);
      return compiled;
    },
  };
}

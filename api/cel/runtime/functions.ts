import type { FunctionDeclaration } from '../declarations.ts';
import { noMatchingOverload, type Signature, signatureOf } from './guards.ts';
import type { Result, Value } from './values.ts';

export type Implementation = (...args: Value[]) => Result;

/**
 * Implementations by id of the overload; or by name of the function where one serves all its overloads: then it tells types
 * apart itself.
 */
export type Implementations = Readonly<Record<string, Implementation>>;

export interface FunctionBinding {
  readonly call: (args: Value[]) => Result;
  /** Set when the arguments are to be passed as they are, without a check of their types. */
  readonly direct?: Implementation;
  /** Whether an error ends the evaluation of further arguments, which shows in costs. */
  readonly stopsAtError: boolean;
}

export type FunctionTable = (name: string, overload: string | undefined) => FunctionBinding | undefined;

export function createFunctionTable(
  declarations: ReadonlyMap<string, FunctionDeclaration>,
  implementations: Implementations,
): FunctionTable {
  const bindings = new Map<string, FunctionBinding | undefined>();
  return (name, overload) => {
    const key = `${name} ${overload ?? ''}`;
    if (!bindings.has(key)) bindings.set(key, bind(declarations.get(name), implementations, name, overload));
    return bindings.get(key);
  };
}

// These tell types apart themselves.
const unguarded = new Set(['flatten', 'contains', 'startsWith', 'endsWith']);

function bind(
  declaration: FunctionDeclaration | undefined,
  implementations: Implementations,
  name: string,
  overload: string | undefined,
): FunctionBinding | undefined {
  const single = implementations[name];
  const candidates: { matches: Signature; implementation: Implementation }[] = [];
  for (const each of declaration?.overloads ?? []) {
    const implementation = implementations[each.id];
    if (implementation === undefined || (overload !== undefined && each.id !== overload)) continue;
    const count = each.parameters.length;
    const matches: Signature = unguarded.has(name) ? (args) => args.length === count : signatureOf(each);
    candidates.push({ matches, implementation });
  }
  if (candidates.length === 0) {
    return single && { call: (args) => single(...args), direct: single, stopsAtError: false };
  }
  const call = (args: Value[]): Result => {
    for (const { matches, implementation } of candidates) if (matches(args)) return implementation(...args);
    return noMatchingOverload(name, args);
  };
  return { call, stopsAtError: candidates.length > 1 };
}

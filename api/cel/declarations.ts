import { parseType } from './type-notation.ts';
import type { Type } from './types.ts';

/**
 * Functions of a library in short notation, function name → overloads, each `id (parameters) result` or, for a
 * member, `id target.(parameters) result`. Single capitals are type parameters.
 */
export interface Library {
  readonly name: string;
  readonly functions: Readonly<Record<string, readonly string[]>>;
}

export interface Overload {
  readonly id: string;
  readonly member: boolean;
  /** The target of a member comes first. */
  readonly parameters: readonly Type[];
  readonly result: Type;
  readonly typeParameters: readonly string[];
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

/** Functions of all libraries by name; one that several libraries declare has the overloads of all, in their order. */
export function declareFunctions(libraries: readonly Library[]): ReadonlyMap<string, FunctionDeclaration> {
  const byName = new Map<string, Overload[]>();
  for (const library of libraries) {
    for (const [name, lines] of Object.entries(library.functions)) {
      const overloads = byName.get(name) ?? [];
      byName.set(name, overloads);
      overloads.push(...lines.map(parseOverload));
    }
  }
  return new Map([...byName].map(([name, overloads]) => [name, { name, overloads }]));
}

function parseOverload(line: string): Overload {
  const space = line.indexOf(' ');
  const signature = line.slice(space + 1);
  const close = closingParenthesis(signature);
  const open = openingParenthesis(signature, close);
  const target = signature.slice(0, Math.max(0, open - 1));
  const parameters = splitTypes(signature.slice(open + 1, close)).map(parseType);
  if (target !== '') parameters.unshift(parseType(target));
  const result = parseType(signature.slice(close + 2));
  const names = [...parameters, result].flatMap(typeParametersIn);
  return {
    id: line.slice(0, space),
    member: target !== '',
    parameters,
    result,
    typeParameters: [...new Set(names)],
  };
}

/** The parenthesis that ends the parameters: the last one followed by a space outside of any other. */
function closingParenthesis(signature: string): number {
  let depth = 0;
  for (let index = 0; index < signature.length; index++) {
    if (signature[index] === '(') depth++;
    if (signature[index] === ')' && --depth === 0 && signature[index + 1] === ' ') return index;
  }
  throw new Error(`no parameters in ${signature}`);
}

function openingParenthesis(signature: string, close: number): number {
  let depth = 0;
  for (let index = close; index >= 0; index--) {
    if (signature[index] === ')') depth++;
    if (signature[index] === '(' && --depth === 0) return index;
  }
  throw new Error(`no parameters in ${signature}`);
}

function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '(') depth++;
    if (text[index] === ')') depth--;
    if (text[index] === ',' && depth === 0) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === '' ? parts : [...parts, last];
}

function typeParametersIn(type: Type): string[] {
  return type.kind === 'param' ? [type.name] : type.parameters.flatMap(typeParametersIn);
}

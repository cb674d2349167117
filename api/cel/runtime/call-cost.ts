import { NamedFormat } from '../library/named-format.ts';
import { sizeOf, sizeWithin, traversalCost } from './size.ts';
import { isList, type Result, Special } from './values.ts';

/** What one call costs: a number, or reckoned from the arguments and the result. */
export type CallCost = number | ((args: readonly Result[], result: Result) => number);

const traversalFactor = 0.1;
const regexFactor = 0.25;
const listCreation = 10;
const costPerRequirement = 50;

const size = (args: readonly Result[], index: number) => sizeOf(args[index] ?? null);
const sizeOfArgument = (args: readonly Result[], index: number) => sizeWithin(args[index] ?? null);
const walk = (length: number) => Math.ceil(length * traversalFactor);
const walkOf = (args: readonly Result[]) => walk(size(args, 0));
const walkTwice = (args: readonly Result[]) => Math.ceil(size(args, 0) * 2 * traversalFactor);

function regexCost(textSize: number, patternSize: number): number {
  return Math.ceil((1 + textSize) * traversalFactor) * Math.ceil(patternSize * regexFactor);
}

function selectorCost(args: readonly Result[]): number {
  const length = size(args, 1);
  return listCreation + walk(length) + Math.ceil(Math.ceil(length * 0.5) * costPerRequirement);
}

/** Of functions by name, whatever the overload: what Kubernetes says of its libraries. */
const byFunction: Readonly<Record<string, CallCost>> = {
  check: 350_000,
  ...oneEach(
    'serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength family ' +
      'isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign asInteger ' +
      'isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname ' +
      'getHost getPort getEscapedPath getQuery',
  ),
  fieldSelector: selectorCost,
  labelSelector: selectorCost,
  ...each('isSorted sum max min indexOf lastIndexOf', (args) => traversalCost(args[0] ?? null)),
  ...each(
    'url lowerAscii upperAscii substring trim jsonpatch.escapeKey cidr isIP isCIDR quantity isQuantity semver isSemver',
    walkOf,
  ),
  ...each('replace split ip.isCanonical', walkTwice),
  join: (_, result) => Math.ceil(sizeOf(result) * 2 * traversalFactor),
  ...each('find findAll', (args) => regexCost(size(args, 0), size(args, 1))),
  validate: (args) => (args[0] instanceof NamedFormat ? regexCost(size(args, 1), args[0].maxRegexSize) : 1),
};

function oneEach(names: string): Record<string, CallCost> {
  return each(names, 1);
}

function each(names: string, cost: CallCost): Record<string, CallCost> {
  return Object.fromEntries(names.split(' ').map((name) => [name, cost]));
}

const setsCost = (factor: number) => (args: readonly Result[]) =>
  1 + Math.floor(size(args, 0) * size(args, 1) * factor);
const allocating = (factor: number, length: number) => Math.floor(length * factor) + 1 + listCreation;
const outputSize = (_: readonly Result[], result: Result) => allocating(1, sizeOf(result));

function selfCompare(list: Result | undefined): number {
  const length = sizeOf(list ?? null);
  const first = isList(list) ? list.length > 0 && firstOf(list) : undefined;
  const isText = typeof first === 'string' || first instanceof Uint8Array;
  return allocating(isText ? 2 + traversalFactor : 2, length * length);
}

function firstOf(list: readonly unknown[] | { at(index: number): unknown }): unknown {
  return list.at(0);
}

function flattenCost(args: readonly Result[]): number {
  const depth = args.length < 2 ? 1 : typeof args[1] === 'number' ? args[1] : 0;
  return allocating(depth, size(args, 0));
}

const smallerOfTwo: CallCost = (args) => walk(Math.min(sizeOfArgument(args, 0), sizeOfArgument(args, 1)));

/** Of overloads: what the libraries of cel-go say, and cel-go itself. */
const byOverload: Readonly<Record<string, CallCost>> = {
  ...each('starts_with_string ends_with_string string_to_bytes bytes_to_string strings_quote string_format', (args) =>
    walk(sizeOfArgument(args, 0)),
  ),
  in_list: (args) => sizeOfArgument(args, 1),
  ...each(
    'less_string greater_string less_equals_string greater_equals_string less_bytes greater_bytes less_equals_bytes ' +
      'greater_equals_bytes equals not_equals',
    smallerOfTwo,
  ),
  ...each('add_string add_bytes', (args) => walk(sizeOfArgument(args, 0) + sizeOfArgument(args, 1))),
  matches_string: (args) => regexCost(sizeOfArgument(args, 0), sizeOfArgument(args, 1)),
  contains_string: (args) => walk(sizeOfArgument(args, 0)) * walk(sizeOfArgument(args, 1)),
};

/** These come before what Kubernetes says. */
const tracked: Readonly<Record<string, CallCost>> = {
  list_sets_contains_list: setsCost(1),
  list_sets_intersects_list: setsCost(1),
  list_sets_equivalent_list: setsCost(2),
  list_slice: outputSize,
  lists_range: outputSize,
  list_reverse: outputSize,
  list_flatten: flattenCost,
  list_flatten_int: flattenCost,
  list_distinct: (args) => selfCompare(args[0]),
};

const byNetworkOverload: Readonly<Record<string, CallCost>> = {
  cidr_ip: 1,
  string_to_ip: walkOf,
  cidr_contains_ip_string: (args) => walk(2 * size(args, 0)) + walk(size(args, 1)),
  cidr_contains_ip_ip: (args) => walk(2 * size(args, 0)),
  cidr_contains_cidr_string: (args) => containsCIDR(args) + walk(size(args, 1)),
  cidr_contains_cidr: containsCIDR,
};

function containsCIDR(args: readonly Result[]): number {
  return walk(2 * size(args, 0)) + walk(size(args, 0)) + 1;
}

/** Of a call whose overload is known, or not (undefined: the types were dynamic). */
export function callCost(name: string, overload: string | undefined): CallCost {
  if (overload !== undefined) {
    if (/_sort$/.test(overload)) return (args) => selfCompare(args[0]);
    if (/_sortByAssociatedKeys$/.test(overload)) return (args) => selfCompare(args[1]);
    const known = tracked[overload] ?? byNetworkOverload[overload];
    if (known !== undefined) return known;
  }
  if (name === 'ip') return walkOf;
  if (name === 'containsIP') return (args) => walk(2 * size(args, 0));
  if (name === 'containsCIDR') return containsCIDR;
  return byFunction[name] ?? (overload === undefined ? undefined : byOverload[overload]) ?? 1;
}

/** Of `==` and `!=`; `==` is one step for the types that Kubernetes adds. */
export function equalityCost(a: Result, b: Result, isEquals: boolean): number {
  if (typeof a === 'number' || typeof a === 'boolean') return walk(Math.min(1, sizeWithin(b)));
  if (isEquals && a instanceof Special && a.costsOneToCompare) return 1;
  return walk(Math.min(sizeWithin(a), sizeWithin(b)));
}

import { sameType } from '../types.ts';
import {
  type CallEstimate,
  type EstimatedCall,
  listCost,
  type Operand,
  regexFactor,
  structCost,
  traversalFactor,
} from './call-estimates.ts';
import { add, type Estimate, fixed, maxUint64, multiply, one, scale, union, zero } from './estimate.ts';

type Estimator = (call: EstimatedCall) => CallEstimate | undefined;

/** What Kubernetes estimates for functions by their names, extensions of strings included; undefined: not its own. */
export function kubernetesCallEstimate(call: EstimatedCall): CallEstimate | undefined {
  if (constantNames.has(call.name)) return { cost: one };
  return estimators.get(call.name)?.(call);
}

/** Builders of authorization checks and accessors: one unit each. */
const constantNames: ReadonlySet<string> = new Set(
  [
    'serviceAccount path group resource subresource namespace name allowed reason error errored',
    'masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast',
    'sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch',
    'getScheme getHostname getHost getPort getEscapedPath getQuery format.named',
  ]
    .join(' ')
    .split(' '),
);

/** So large that an expression may have two checks. */
const authorizationCheckCost = 350_000n;
const maxNameFormatRegexSize = 128;
const maxFormatSize = 64n;

const estimators: ReadonlyMap<string, Estimator> = new Map<string, Estimator>([
  ['check', () => ({ cost: fixed(authorizationCheckCost) })],
  ...each(['fieldSelector', 'labelSelector'], selector),
  ...each(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], scan),
  ...each(['url', 'jsonpatch.escapeKey'], ({ args, sizeOf }) => {
    return args.length === 1 ? traversal(sizeOf(args[0])) : undefined;
  }),
  ...each(['lowerAscii', 'upperAscii', 'substring', 'trim'], ({ target, sizeOf }) => {
    return target && traversal(sizeOf(target));
  }),
  ['replace', replace],
  ['split', split],
  ['join', join],
  ...each(['find', 'findAll'], find),
  ...each(['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'], parsing),
  ['ip', (call) => (call.overload === 'cidr_ip' ? { cost: one } : parsing(call))],
  ['ip.isCanonical', ({ args, sizeOf }) => ({ cost: scale(sizeOf(args[0]), 2 * traversalFactor) })],
  ['containsIP', (call) => contains(call, 'cidr_contains_ip_string', zero)],
  ['containsCIDR', (call) => contains(call, 'cidr_contains_cidr_string', add(scale(ipSize, traversalFactor), one))],
  ['validate', validate],
  ['_==_', equality],
]);

function each(names: readonly string[], estimator: Estimator): (readonly [string, Estimator])[] {
  return names.map((name) => [name, estimator]);
}

/** One look at every character; the result is as long. */
function traversal(size: Estimate): CallEstimate {
  return { cost: scale(size, traversalFactor), resultSize: size };
}

function parsing({ args, sizeOf }: EstimatedCall): CallEstimate {
  return { cost: scale(sizeOf(args[0]), traversalFactor) };
}

/** A requirement takes at least two characters and allocates a structure and a list. */
function selector({ args, sizeOf }: EstimatedCall): CallEstimate | undefined {
  if (args.length !== 1) return undefined;
  const size = sizeOf(args[0]);
  const requirements = scale(scale(size, 0.5), Number(listCost + structCost));
  return { cost: add(fixed(listCost), scale(size, traversalFactor), requirements) };
}

/** Every element once; text is compared character by character. */
function scan({ target, sizeOf }: EstimatedCall): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const element = elementOf(target);
  if (element === undefined) return { cost: scale(sizeOf(target), traversalFactor) };
  const isText = element.type.kind === 'string' || element.type.kind === 'bytes';
  const cost = isText ? add(one, scale(sizeOf(element), traversalFactor)) : one;
  return { cost: multiply(sizeOf(target), cost) };
}

function elementOf(list: Operand): Operand | undefined {
  const type = list.type.parameters[0];
  if (type === undefined) return undefined;
  const path = list.path && [...list.path, '@items'];
  return { path, type, expr: undefined, size: undefined };
}

function replace({ target, args, sizeOf }: EstimatedCall): CallEstimate | undefined {
  if (target === undefined || args.length < 2) return undefined;
  const size = sizeOf(target);
  const [from, to] = [sizeOf(args[0]), sizeOf(args[1])];
  const most = replacements(size.max, from.min, to.max <= from.min);
  const least = replacements(size.min, from.max, from.max <= to.min);
  const count = { min: least.count, max: most.count };
  const kept = { min: least.kept, max: most.kept };
  const resultSize = add(multiply(count, to), kept);
  return { cost: scale(size, 2 * traversalFactor), resultSize };
}

/** Of an empty text replaced: around every character. `same`: the length stays, whatever is replaced. */
function replacements(size: bigint, from: bigint, same: boolean): { count: bigint; kept: bigint } {
  if (from === 0n) return { count: size < maxUint64 ? size + 1n : size, kept: size };
  if (same) return { count: 0n, kept: size };
  return { count: BigInt(Math.ceil(Number(size) / Number(from))), kept: 0n };
}

function split({ target, args, sizeOf }: EstimatedCall): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  const limit = args[1]?.expr;
  const isLimited = limit?.kind === 'const' && limit.constant.type === 'int';
  const max = isLimited ? BigInt.asUintN(64, limit.constant.value) : size.max;
  return { cost: scale(size, 2 * traversalFactor), resultSize: { min: 0n, max } };
}

function join({ target, args, sizeOf }: EstimatedCall): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const count = sizeOf(target);
  const element = elementOf(target);
  let size = element === undefined ? zero : multiply(count, sizeOf(element));
  if (args.length > 0) {
    const separators = { min: less(count.min), max: less(count.max) };
    size = add(size, multiply(sizeOf(args[0]), separators));
  }
  return traversal(size);
}

function less(value: bigint): bigint {
  return value > 0n ? value - 1n : 0n;
}

/** The text with one character more, so that an empty one is not free, times a guess of the expression's states. */
function find({ target, args, sizeOf }: EstimatedCall): CallEstimate | undefined {
  if (target === undefined || args.length === 0) return undefined;
  const size = sizeOf(target);
  const text = scale(add(size, one), traversalFactor);
  const cost = multiply(text, scale(sizeOf(args[0]), regexFactor));
  return { cost, resultSize: { min: 0n, max: size.max } };
}

/** Bytes of an address of either family. */
const ipSize: Estimate = { min: 4n, max: 16n };

function contains({ overload, args, sizeOf }: EstimatedCall, text: string, more: Estimate): CallEstimate {
  const compared = add(scale(add(ipSize, ipSize), traversalFactor), more);
  const parsed = overload === text ? scale(sizeOf(args[0]), traversalFactor) : zero;
  return { cost: add(compared, parsed) };
}

function validate({ args, sizeOf }: EstimatedCall): CallEstimate {
  const text = scale(sizeOf(args[0]), traversalFactor);
  return { cost: scale(text, maxNameFormatRegexSize * regexFactor) };
}

const cheapToCompare: ReadonlySet<string> = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
]);

function equality({ args }: EstimatedCall): CallEstimate | undefined {
  const [left, right] = args;
  if (left === undefined || right === undefined || !sameType(left.type, right.type)) return undefined;
  const { kind, name } = left.type;
  if (kind !== 'object' && kind !== 'opaque') return undefined;
  if (cheapToCompare.has(name)) return { cost: one };
  if (name === 'kubernetes.NamedFormat') {
    return { cost: scale({ min: 1n, max: maxFormatSize }, traversalFactor) };
  }
  if (name !== 'kubernetes.URL') return undefined;
  // Upstream looks at the right side twice.
  const size = right.size === undefined ? one : union(right.size, right.size);
  return { cost: scale({ min: 1n, max: size.max }, traversalFactor) };
}

import { elementAt, GrowingList } from './collections.ts';
import { compareBytes, compareNumbers, compareText } from './equality.ts';
import { Duration, Timestamp } from './time.ts';
import { type AnyList, CelError, Double, isInt, isList, ListView, type Result, Uint, type Value } from './values.ts';

export const noSuchOverload = new CelError('no such overload');
const integerOverflow = new CelError('integer overflow');
const unsignedOverflow = new CelError('unsigned integer overflow');
const divisionByZero = new CelError('division by zero');
const modulusByZero = new CelError('modulus by zero');

const isInt64 = (value: bigint) => BigInt.asIntN(64, value) === value;

/** An int in its one representation: a number when it is a safe integer. */
export function intOf(value: bigint): Result {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return isInt64(value) ? value : integerOverflow;
}

export function uintOf(value: bigint): Result {
  return BigInt.asUintN(64, value) === value ? new Uint(value) : unsignedOverflow;
}

function durationOf(value: bigint): Result {
  return isInt64(value) ? new Duration(value) : integerOverflow;
}

interface Operation {
  readonly name: string;
  readonly number: (a: number, b: number) => number;
  readonly bigint: (a: bigint, b: bigint) => Result | bigint;
  readonly double?: (a: number, b: number) => number;
}

/** The three numeric types; undefined when the first is none of them. */
function calculate(operation: Operation, a: Value, b: Value): Result | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = operation.number(a, b);
    if (Number.isSafeInteger(result)) return result + 0;
  }
  if (isInt(a)) {
    if (!isInt(b)) return noSuchOverload;
    const result = operation.bigint(BigInt(a), BigInt(b));
    return typeof result === 'bigint' ? intOf(result) : result;
  }
  if (a instanceof Uint) {
    if (!(b instanceof Uint)) return noSuchOverload;
    const result = operation.bigint(a.value, b.value);
    return typeof result === 'bigint' ? uintOf(result) : result;
  }
  if (a instanceof Double && operation.double !== undefined) {
    return b instanceof Double ? new Double(operation.double(a.value, b.value)) : noSuchOverload;
  }
  return undefined;
}

/** For a type that has no such operation; those with methods of their own say it shorter. */
export function lacksOperation(value: Value, name: string): CelError {
  const hasMethods = typeof value === 'string' || value instanceof Timestamp || value instanceof Duration;
  return hasMethods ? noSuchOverload : new CelError(`no such overload: ${name}`);
}

function addition(a: number, b: number): number {
  return a + b;
}
const sum: Operation = { name: '_+_', number: addition, bigint: (a, b) => a + b, double: addition };
const minus = (a: number, b: number) => a - b;
const difference: Operation = { name: '_-_', number: minus, bigint: (a, b) => a - b, double: minus };
const times = (a: number, b: number) => a * b;
const product: Operation = { name: '_*_', number: times, bigint: (a, b) => a * b, double: times };
const quotient: Operation = {
  name: '_/_',
  // Division by zero gives no safe integer, and so comes to the bigints.
  number: (a, b) => Math.trunc(a / b),
  bigint: (a, b) => (b === 0n ? divisionByZero : a / b),
  double: (a, b) => a / b,
};
const remainder: Operation = {
  name: '_%_',
  number: (a, b) => a % b,
  bigint: (a, b) => (b === 0n ? modulusByZero : a % b),
};

export function add(a: Value, b: Value): Result {
  if (typeof a === 'string') return typeof b === 'string' ? a + b : noSuchOverload;
  return calculate(sum, a, b) ?? addOthers(a, b);
}

function addOthers(a: Value, b: Value): Result {
  if (isList(a)) return isList(b) ? concatenate(a, b) : noSuchOverload;
  if (a instanceof Duration) {
    if (b instanceof Duration) return durationOf(a.nanoseconds + b.nanoseconds);
    return b instanceof Timestamp ? b.plus(a.nanoseconds) : noSuchOverload;
  }
  if (a instanceof Timestamp) return b instanceof Duration ? a.plus(b.nanoseconds) : noSuchOverload;
  if (a instanceof Uint8Array) {
    if (!(b instanceof Uint8Array)) return noSuchOverload;
    const bytes = new Uint8Array(a.length + b.length);
    bytes.set(a);
    bytes.set(b, a.length);
    return bytes;
  }
  return lacksOperation(a, '_+_');
}

function concatenate(a: AnyList, b: AnyList): Result {
  if (a instanceof ListView && a.plus !== undefined) return a.plus(b);
  if (a instanceof GrowingList) {
    for (let index = 0; index < b.length; index++) a.push(elementAt(b, index) as Value);
    return a;
  }
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  if (Array.isArray(a) && Array.isArray(b)) return a.concat(b);
  return new Joined(a, b);
}

/** The sum of lists of which one makes its elements only when asked. */
class Joined extends ListView {
  readonly length: number;
  readonly #first: AnyList;
  readonly #second: AnyList;
  constructor(first: AnyList, second: AnyList) {
    super();
    this.length = first.length + second.length;
    this.#first = first;
    this.#second = second;
  }
  at(index: number): Result {
    const beyond = index - this.#first.length;
    return beyond < 0 ? elementAt(this.#first, index) : elementAt(this.#second, beyond);
  }
}

export function subtract(a: Value, b: Value): Result {
  const result = calculate(difference, a, b);
  if (result !== undefined) return result;
  if (a instanceof Duration) {
    return b instanceof Duration ? durationOf(a.nanoseconds - b.nanoseconds) : noSuchOverload;
  }
  if (a instanceof Timestamp) {
    if (b instanceof Timestamp) {
      return durationOf(BigInt(a.seconds - b.seconds) * 1_000_000_000n + BigInt(a.nanos - b.nanos));
    }
    if (!(b instanceof Duration)) return noSuchOverload;
    return isInt64(-b.nanoseconds) ? a.plus(-b.nanoseconds) : integerOverflow;
  }
  return lacksOperation(a, '_-_');
}

export function multiply(a: Value, b: Value): Result {
  return calculate(product, a, b) ?? lacksOperation(a, '_*_');
}

export function divide(a: Value, b: Value): Result {
  return calculate(quotient, a, b) ?? lacksOperation(a, '_/_');
}

export function modulo(a: Value, b: Value): Result {
  return calculate(remainder, a, b) ?? lacksOperation(a, '_%_');
}

export function negate(a: Value): Result {
  if (isInt(a)) return typeof a === 'number' ? 0 - a : intOf(-a);
  if (a instanceof Double) return new Double(-a.value);
  if (a instanceof Duration) return durationOf(-a.nanoseconds);
  return typeof a === 'boolean' ? noSuchOverload : lacksOperation(a, '-_');
}

const unordered = new CelError('NaN values cannot be ordered');

function orderOfNumbers(a: number | bigint | Uint | Double, b: Value): number | CelError {
  const order = compareNumbers(a, b);
  if (order === undefined) return a instanceof Double && Number.isNaN(a.value) ? unordered : noSuchOverload;
  return Number.isNaN(order) ? unordered : order;
}

/** -1, 0 or 1; an error when the two have no order. `name` is the operator, for types that have none. */
export function compare(a: Value, b: Value, name = '_<_'): number | CelError {
  if (typeof a === 'number' && typeof b === 'number') return Number(a > b) - Number(a < b);
  if (typeof a === 'string') return typeof b === 'string' ? compareText(a, b) : noSuchOverload;
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : noSuchOverload;
  if (isInt(a) || a instanceof Uint || a instanceof Double) return orderOfNumbers(a, b);
  return compareOthers(a, b) ?? lacksOperation(a, name);
}

function compareOthers(a: Value, b: Value): number | CelError | undefined {
  if (a instanceof Timestamp) return b instanceof Timestamp ? a.compare(b) : noSuchOverload;
  if (a instanceof Duration) {
    if (!(b instanceof Duration)) return noSuchOverload;
    return Number(a.nanoseconds > b.nanoseconds) - Number(a.nanoseconds < b.nanoseconds);
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? compareBytes(a, b) : noSuchOverload;
  return undefined;
}

import { Quantity, QuantityError } from '../../quantity.ts';
import { intOf, noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { CelError, Double, isInt, type Result, Special, TypeValue, type Value } from '../runtime/values.ts';

const quantityType = new TypeValue('kubernetes.Quantity');

export class QuantityValue extends Special {
  readonly quantity: Quantity;
  /** A sum or difference: upstream cannot compare anything with one, only the other way round. */
  readonly isComputed: boolean;
  constructor(quantity: Quantity, isComputed = false) {
    super();
    this.quantity = quantity;
    this.isComputed = isComputed;
  }
  get type(): TypeValue {
    return quantityType;
  }
  override equals(other: Value): Result {
    if (!(other instanceof QuantityValue) || other.isComputed) return noSuchOverload;
    return this.quantity.compare(other.quantity) === 0;
  }
  override toString(): string {
    return this.quantity.toString();
  }
  override get costsOneToCompare(): boolean {
    return true;
  }
}

function toQuantity(text: Value): Result {
  if (typeof text !== 'string') return noSuchOverload;
  try {
    return new QuantityValue(Quantity.parse(text));
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    return new CelError(error.message);
  }
}

function integerOf(value: bigint | undefined): Result {
  return value === undefined ? new CelError('cannot convert value to integer') : intOf(value);
}

const reading = (read: (quantity: Quantity) => Result): Implementation => {
  return (value) => (value instanceof QuantityValue ? read(value.quantity) : noSuchOverload);
};

const comparing = (read: (order: number) => Result): Implementation => {
  return (a, b) => {
    if (!(a instanceof QuantityValue) || !(b instanceof QuantityValue)) return noSuchOverload;
    return read(a.quantity.compare(b.quantity));
  };
};

const combining = (combine: (a: Quantity, b: Quantity) => Quantity): Implementation => {
  return (a, b) => {
    const other = isInt(b) ? Quantity.of(b, 'DecimalExponent') : b instanceof QuantityValue ? b.quantity : undefined;
    if (!(a instanceof QuantityValue) || other === undefined) return noSuchOverload;
    return new QuantityValue(combine(a.quantity, other), true);
  };
};

const add = combining((a, b) => a.add(b));
const sub = combining((a, b) => a.sub(b));

export const quantityImplementations: Implementations = {
  string_to_quantity: toQuantity,
  is_quantity_string: (text) => (typeof text === 'string' ? !(toQuantity(text) instanceof CelError) : noSuchOverload),
  quantity_sign: reading((quantity) => quantity.sign()),
  quantity_is_integer: reading((quantity) => quantity.asInt64() !== undefined),
  quantity_get_int: reading((quantity) => integerOf(quantity.asInt64())),
  quantity_get_float: reading((quantity) => new Double(quantity.toNumber())),
  quantity_is_greater_than: comparing((order) => order > 0),
  quantity_is_less_than: comparing((order) => order < 0),
  quantity_compare_to: comparing((order) => order),
  quantity_add: add,
  quantity_add_int: add,
  quantity_sub: sub,
  quantity_sub_int: sub,
};

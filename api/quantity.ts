/** The text of a quantity does not parse; the message is what clients see. */
export class QuantityError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QuantityError';
  }
}

/** How a quantity was written, which its canonical form keeps. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]));
const binarySuffixes = ['', ...Object.keys(binaryExponents)];

// The middle group holds digits without leading zeros.
const syntax = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const maxInt64 = 2n ** 63n - 1n;
const nano = -9;
// 18 decimal digits always fit an int64; numbers with more take the exact path, whose results look different.
const maxDigits = 18;
// Beyond this no sum or comparison needs the digits themselves, and spelling them out would cost memory without bound.
const maxScaleGap = 4096;

const isInt64 = (value: bigint) => value <= maxInt64 && value >= -maxInt64 - 1n;
const abs = (value: bigint) => (value < 0n ? -value : value);
const pow10 = (exponent: number) => 10n ** BigInt(exponent);

// Away from zero: a request of 0.1n costs a nano.
function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (quotient * divisor === value) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

/** An exact number with the format it was written in; immutable. */
export class Quantity {
  /** The number is #unscaled * 10 ** #scale. */
  readonly #unscaled: bigint;
  readonly #scale: number;
  readonly format: QuantityFormat;
  /** Whether upstream would hold it in an int64, which shows in what overflow does. */
  readonly #small: boolean;
  #text: string | undefined;

  private constructor(unscaled: bigint, scale: number, format: QuantityFormat, small: boolean, text?: string) {
    this.#unscaled = unscaled;
    this.#scale = scale;
    this.format = format;
    this.#small = small;
    this.#text = text;
  }

  static of(value: bigint | number, format: QuantityFormat = 'DecimalSI', scale = 0): Quantity {
    return new Quantity(BigInt(value), scale, format, true);
  }

  static parse(text: string): Quantity {
    const parts = text === '' ? null : syntax.exec(text);
    if (parts === null) {
      throw new QuantityError(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      );
    }
    const [, sign = '', digits = '', fraction = '', suffix = ''] = parts;
    const { format, exponent } = interpretSuffix(suffix);
    const whole = digits === '' ? '0' : digits;
    return (
      Quantity.#parseSmall(text, sign, whole, fraction, { format, exponent }) ??
      Quantity.#parseExact(sign, whole, fraction, { format, exponent })
    );
  }

  /** What fits an int64 keeps the client's spelling where that is nearly canonical: `1.234`, `+5` and `0100Mi` stay. */
  static #parseSmall(text: string, sign: string, whole: string, fraction: string, suffix: Suffix) {
    const { format, exponent } = suffix;
    const negative = sign === '-';
    const digits = whole + fraction;
    if (format === 'BinarySI') {
      if (fraction !== '' || 15 - whole.length - Math.floor((exponent * 3) / 10) - 1 < 0) return undefined;
      const value = BigInt(whole);
      const result = value << BigInt(exponent);
      if (!isInt64(result)) return undefined;
      const spelling = (value & 7n) === 0n ? undefined : text;
      return new Quantity(negative ? -result : result, 0, format, true, spelling);
    }
    const scale = exponent - fraction.length;
    if (digits.length > maxDigits || scale < nano) return undefined;
    const value = BigInt(digits);
    const spelling = scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0' ? text : undefined;
    return new Quantity(negative ? -value : value, scale, format, true, spelling);
  }

  static #parseExact(sign: string, whole: string, fraction: string, { format, exponent }: Suffix): Quantity {
    let value = BigInt(whole + fraction);
    let scale = -fraction.length;
    if (format === 'BinarySI') value <<= BigInt(exponent);
    else scale += exponent;
    if (scale < nano) {
      const gap = nano - scale;
      // More places than digits: anything above nothing is a nano.
      value = gap > whole.length + fraction.length + 20 ? (value === 0n ? 0n : 1n) : divideUp(value, pow10(gap));
      scale = nano;
    }
    let kept = format;
    if (format === 'BinarySI') {
      const unit = pow10(-scale);
      if (value > maxInt64 * unit) [value, scale] = [maxInt64, 0];
      else if (value > 0n && value < unit) kept = 'DecimalSI';
    }
    return new Quantity(sign === '-' ? -value : value, scale, kept, false);
  }

  sign(): -1 | 0 | 1 {
    return this.#unscaled === 0n ? 0 : this.#unscaled > 0n ? 1 : -1;
  }

  isZero(): boolean {
    return this.#unscaled === 0n;
  }

  compare(other: Quantity): number {
    const signs = this.sign() - other.sign();
    if (signs !== 0) return Math.sign(signs);
    if (this.#scale !== other.#scale && Math.abs(this.#scale - other.#scale) > maxScaleGap) {
      const magnitude = (q: Quantity) => abs(q.#unscaled).toString().length + q.#scale;
      const difference = magnitude(this) - magnitude(other);
      if (difference !== 0) return Math.sign(difference) * this.sign();
    }
    const scale = Math.min(this.#scale, other.#scale);
    const [a, b] = [this.#at(scale), other.#at(scale)];
    return a === b ? 0 : a < b ? -1 : 1;
  }

  #at(scale: number): bigint {
    return this.#scale === scale ? this.#unscaled : this.#unscaled * pow10(this.#scale - scale);
  }

  /** The sum has this one's format, or the other's when this is zero. */
  add(other: Quantity): Quantity {
    return this.#sum(other, other.#unscaled);
  }

  sub(other: Quantity): Quantity {
    return this.#sum(other, -other.#unscaled);
  }

  #sum(other: Quantity, addend: bigint): Quantity {
    const format = this.isZero() ? other.format : this.format;
    const small = this.#small && other.#small;
    if (addend === 0n) return new Quantity(this.#unscaled, this.#scale, format, small);
    if (this.isZero()) return new Quantity(addend, other.#scale, format, small);
    if (Math.abs(this.#scale - other.#scale) > maxScaleGap) {
      const larger = this.#scale > other.#scale;
      return new Quantity(larger ? this.#unscaled : addend, larger ? this.#scale : other.#scale, format, false);
    }
    const scale = Math.min(this.#scale, other.#scale);
    const sum = this.#at(scale) + addend * pow10(other.#scale - scale);
    return new Quantity(sum, scale, format, small && isInt64(sum));
  }

  mul(factor: bigint | number): Quantity {
    const product = this.#unscaled * BigInt(factor);
    return new Quantity(product, this.#scale, this.format, this.#small && isInt64(product));
  }

  neg(): Quantity {
    return new Quantity(-this.#unscaled, this.#scale, this.format, this.#small);
  }

  /** Rounded away from zero to multiples of 10 ** scale, e.g. -3 for milli: resource lists hold nothing finer. */
  roundUp(scale: number): Quantity {
    if (this.#scale >= scale) return this;
    return new Quantity(divideUp(this.#unscaled, pow10(scale - this.#scale)), scale, this.format, this.#small);
  }

  /** Rounded up to whole units. An int64: what does not fit is 0 or wraps round, as upstream's does. */
  value(): bigint {
    return this.scaledValue(0);
  }

  milliValue(): bigint {
    return this.scaledValue(-3);
  }

  scaledValue(scale: number): bigint {
    if (this.#scale < scale) {
      const divisor = pow10(scale - this.#scale);
      if (this.#small) return divideUp(this.#unscaled, divisor);
      const floor = this.#unscaled / divisor;
      return BigInt.asIntN(64, this.#unscaled % divisor === 0n ? floor : floor + 1n);
    }
    // 10 ** 64 is a multiple of 2 ** 64.
    const scaled = this.#scale - scale >= 64 ? 2n ** 64n : this.#unscaled * pow10(this.#scale - scale);
    if (isInt64(scaled)) return scaled;
    return this.#small ? 0n : BigInt.asIntN(64, scaled);
  }

  /** As upstream tells whole numbers: by how it holds them, so `1000m` is none. */
  asInt64(): bigint | undefined {
    if (!this.#small || this.#scale < 0) return undefined;
    if (this.#scale > 19) return this.#unscaled === 0n ? 0n : undefined;
    const value = this.#at(0);
    return isInt64(value) ? value : undefined;
  }

  toNumber(): number {
    return Number(`${this.#unscaled}e${this.#scale}`);
  }

  /** The canonical form: what the API stores and returns. */
  toString(): string {
    this.#text ??= this.#canonical();
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  #canonical(): string {
    if (this.isZero()) return '0';
    if (this.format === 'BinarySI') {
      const binary = this.#canonicalBinary();
      if (binary !== undefined) return binary;
    }
    const digits = this.#unscaled.toString();
    const zeros = digits.length - digits.replace(/0+$/, '').length;
    const exponent = this.#scale + zeros;
    const excess = ((exponent % 3) + 3) % 3;
    const number = digits.slice(0, digits.length - zeros) + '0'.repeat(excess);
    const rounded = exponent - excess;
    if (this.format === 'DecimalExponent') return rounded === 0 ? number : `${number}e${rounded}`;
    // Above 10 ** 18 there is no suffix, and upstream leaves it out.
    return number + (decimalSuffixes.get(rounded) ?? '');
  }

  #canonicalBinary(): string | undefined {
    const rounded = this.#scale < 0 ? this.roundUp(0) : this;
    if (rounded.compare(this) !== 0) return undefined;
    let value = rounded.#at(0);
    if (abs(value) < 1024n) return undefined;
    let power = 0;
    while (value % 1024n === 0n) {
      value /= 1024n;
      power++;
    }
    return value.toString() + (binarySuffixes[power] ?? '');
  }
}

interface Suffix {
  readonly format: QuantityFormat;
  readonly exponent: number;
}

function interpretSuffix(suffix: string): Suffix {
  const decimal = decimalExponents[suffix];
  if (decimal !== undefined) return { format: 'DecimalSI', exponent: decimal };
  const binary = binaryExponents[suffix];
  if (binary !== undefined) return { format: 'BinarySI', exponent: binary };
  if (/^[eE][-+]?[0-9]+$/.test(suffix)) {
    const exponent = BigInt(suffix.slice(suffix[1] === '+' ? 2 : 1));
    if (isInt64(exponent)) return { format: 'DecimalExponent', exponent: Number(BigInt.asIntN(32, exponent)) };
  }
  throw new QuantityError("unable to parse quantity's suffix");
}

export function parseQuantity(text: string): Quantity {
  return Quantity.parse(text);
}

export function isQuantity(text: string): boolean {
  if (plain.test(text)) return true;
  try {
    Quantity.parse(text);
    return true;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}

export function compareQuantity(a: string, b: string): number {
  return a === b ? 0 : parseQuantity(a).compare(parseQuantity(b));
}

// The common spellings that are canonical as they stand: nothing needs to be parsed.
const plain = /^[1-9][0-9]{0,8}[mkMG]?$/;
const plainBinary = /^([1-9][0-9]{0,8})[KMG]i$/;

/** The canonical form of a text, e.g. `1024Mi` gives `1Gi`. Throws QuantityError. */
export function canonicalQuantity(text: string): string {
  if (plain.test(text) && !text.includes('000')) return text;
  const binary = plainBinary.exec(text);
  if (binary?.[1] !== undefined && Number(binary[1]) % 1024 !== 0) return text;
  return parseQuantity(text).toString();
}

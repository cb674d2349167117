import { goQuote } from '../../go-text.ts';
import { intOf, noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { CelError, type Result, Special, TypeValue, type Value } from '../runtime/values.ts';

const semverType = new TypeValue('kubernetes.Semver');

/** A semantic version: https://semver.org. */
export class SemverValue extends Special {
  readonly numbers: readonly [major: bigint, minor: bigint, patch: bigint];
  readonly prerelease: readonly string[];
  readonly build: readonly string[];
  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[], build: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
    this.build = build;
  }
  get type(): TypeValue {
    return semverType;
  }
  override equals(other: Value): Result {
    return other instanceof SemverValue ? this.compare(other) === 0 : noSuchOverload;
  }
  override toString(): string {
    const suffix = (mark: string, parts: readonly string[]) => (parts.length === 0 ? '' : mark + parts.join('.'));
    return this.numbers.join('.') + suffix('-', this.prerelease) + suffix('+', this.build);
  }
  override get costsOneToCompare(): boolean {
    return true;
  }

  /** Builds do not count. */
  compare(other: SemverValue): number {
    for (const [index, number] of this.numbers.entries()) {
      const theirs = other.numbers[index] ?? 0n;
      if (number !== theirs) return number > theirs ? 1 : -1;
    }
    const [ours, theirs] = [this.prerelease, other.prerelease];
    if (ours.length === 0 || theirs.length === 0) return Math.sign(theirs.length - ours.length);
    for (const [index, part] of ours.entries()) {
      const opposite = theirs[index];
      if (opposite === undefined) return 1;
      const order = comparePrerelease(part, opposite);
      if (order !== 0) return order;
    }
    return ours.length === theirs.length ? 0 : -1;
  }
}

const isNumeric = (text: string) => /^[0-9]+$/.test(text);

function comparePrerelease(a: string, b: string): number {
  if (isNumeric(a) !== isNumeric(b)) return isNumeric(a) ? -1 : 1;
  if (!isNumeric(a)) return a === b ? 0 : a > b ? 1 : -1;
  const difference = BigInt(a) - BigInt(b);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

const isPlain = (text: string) => /^[0-9A-Za-z-]+$/.test(text);
const maxUint64 = 2n ** 64n - 1n;

function parseNumber(text: string, name: string): bigint | CelError {
  if (!/^[0-9]*$/.test(text)) return new CelError(`Invalid character(s) found in ${name} number ${goQuote(text)}`);
  if (/^0./.test(text)) {
    const title = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    return new CelError(`${title} number must not contain leading zeroes ${goQuote(text)}`);
  }
  if (text === '') return new CelError('strconv.ParseUint: parsing "": invalid syntax');
  const number = BigInt(text);
  return number > maxUint64 ? new CelError(`strconv.ParseUint: parsing ${goQuote(text)}: value out of range`) : number;
}

/** Cuts into at most three parts. */
function splitVersion(text: string): string[] {
  const [major = '', minor, ...rest] = text.split('.');
  if (minor === undefined) return [major];
  return rest.length === 0 ? [major, minor] : [major, minor, rest.join('.')];
}

export function parseSemver(text: string): SemverValue | CelError {
  if (text === '') return new CelError('Version string empty');
  const [first = '', second = '', third] = splitVersion(text);
  if (third === undefined) return new CelError('No Major.Minor.Patch elements found');
  const major = parseNumber(first, 'major');
  if (major instanceof CelError) return major;
  const minor = parseNumber(second, 'minor');
  if (minor instanceof CelError) return minor;
  const [, beforeBuild = '', build] = /^([^+]*)(?:\+(.*))?$/s.exec(third) ?? [];
  const [, beforePrerelease = '', prerelease] = /^([^-]*)(?:-(.*))?$/s.exec(beforeBuild) ?? [];
  const patch = parseNumber(beforePrerelease, 'patch');
  if (patch instanceof CelError) return patch;
  const releases = prerelease?.split('.') ?? [];
  const builds = build?.split('.') ?? [];
  const error = partsError(releases, builds);
  return error ?? new SemverValue([major, minor, patch], releases, builds);
}

function partsError(releases: readonly string[], builds: readonly string[]): CelError | undefined {
  for (const part of releases) {
    if (part === '') return new CelError('Prerelease is empty');
    if (!isPlain(part)) return new CelError(`Invalid character(s) found in prerelease ${goQuote(part)}`);
    if (/^0[0-9]+$/.test(part)) {
      return new CelError(`Numeric PreRelease version must not contain leading zeroes ${goQuote(part)}`);
    }
  }
  for (const part of builds) {
    if (part === '') return new CelError('Build meta data is empty');
    if (!isPlain(part)) return new CelError(`Invalid character(s) found in build meta data ${goQuote(part)}`);
  }
  return undefined;
}

/** Lets go a `v` in front, leading zeros, and missing parts. */
function normalize(text: string): string | CelError {
  const parts = splitVersion(text.replace(/^v/, '')).map((part) => {
    if (part.length < 2) return part;
    const trimmed = part.replace(/^0+/, '');
    return /^[0-9]/.test(trimmed) ? trimmed : `0${trimmed}`;
  });
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) {
    return new CelError('short version cannot contain PreRelease/Build meta data');
  }
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

function toSemver(text: Value, tolerant: Value): Result {
  if (typeof text !== 'string' || typeof tolerant !== 'boolean') return noSuchOverload;
  const normalized = tolerant ? normalize(text) : text;
  return normalized instanceof CelError ? normalized : parseSemver(normalized);
}

const isSemver = (text: Value, tolerant: Value): Result => !(toSemver(text, tolerant) instanceof CelError);

const reading = (index: 0 | 1 | 2): Implementation => {
  return (version) =>
    version instanceof SemverValue ? intOf(BigInt.asIntN(64, version.numbers[index])) : noSuchOverload;
};

const comparing = (read: (order: number) => Result): Implementation => {
  return (a, b) => (a instanceof SemverValue && b instanceof SemverValue ? read(a.compare(b)) : noSuchOverload);
};

export const semverImplementations: Implementations = {
  string_to_semver: (text) => toSemver(text, false),
  string_bool_to_semver: toSemver,
  is_semver_string: (text) => isSemver(text, false),
  is_semver_string_bool: isSemver,
  semver_major: reading(0),
  semver_minor: reading(1),
  semver_patch: reading(2),
  semver_is_greater_than: comparing((order) => order > 0),
  semver_is_less_than: comparing((order) => order < 0),
  semver_compare_to: comparing((order) => order),
};

import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import { isConfigMapKey } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutableErrors } from '../core/field-checks.ts';
import { strategyErrors } from './lease-strategy.ts';

export type LeaseCandidate = Api<'io.k8s.api.coordination.v1beta1.LeaseCandidate'>;

const path = FieldPath.of('spec');
const number = '(0|[1-9]\\d*)';
const identifier = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const semver = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
);

interface Version {
  readonly numbers: readonly number[];
  readonly prerelease: readonly string[];
}

function parseVersion(text: string): Version | undefined {
  const match = semver.exec(text);
  if (match === null) return undefined;
  return { numbers: match.slice(1, 4).map(Number), prerelease: match[4]?.split('.') ?? [] };
}

function comparePrerelease(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

function isOlder(a: Version, b: Version): boolean {
  for (const [i, part] of a.numbers.entries()) {
    const other = b.numbers[i] ?? 0;
    if (part !== other) return part < other;
  }
  if (a.prerelease.length === 0) return false;
  if (b.prerelease.length === 0) return true;
  for (const [i, part] of a.prerelease.entries()) {
    const other = b.prerelease[i];
    if (other === undefined) return false;
    const order = comparePrerelease(part, other);
    if (order !== 0) return order < 0;
  }
  return a.prerelease.length < b.prerelease.length;
}

function specErrors({ spec = {} }: Readonly<LeaseCandidate>): FieldErrors {
  const { leaseName, binaryVersion = '', emulationVersion = '', strategy = '' } = spec;
  const syntax = 'must be a valid semantic version';
  const errors: FieldErrors = leaseName ? [] : [required(path.child('leaseName'))];
  const emulated = parseVersion(emulationVersion);
  const binary = parseVersion(binaryVersion);
  if (emulationVersion !== '' && emulated === undefined) {
    errors.push(invalid(path.child('emulationVersion'), emulationVersion, syntax));
  }
  if (binaryVersion === '') errors.push(required(path.child('binaryVersion')));
  else if (binary === undefined) errors.push(invalid(path.child('binaryVersion'), binaryVersion, syntax));
  const zero: Version = { numbers: [0, 0, 0], prerelease: [] };
  if (binaryVersion !== '' && emulationVersion !== '' && isOlder(binary ?? zero, emulated ?? zero)) {
    const why = 'must be greater than or equal to `emulationVersion`';
    errors.push(invalid(path.child('binaryVersion'), binaryVersion, why));
  }
  if (strategy === '') return [...errors, required(path.child('strategy'))];
  const isZero = emulated === undefined || (!isOlder(zero, emulated) && !isOlder(emulated, zero));
  if (strategy === 'OldestEmulationVersion' && isZero) {
    const why = "must be specified when `strategy` is 'OldestEmulationVersion'";
    errors.push(required(path.child('emulationVersion'), why));
  }
  return [...errors, ...strategyErrors(strategy, path.child('strategy'))];
}

export const leaseCandidateStrategy: Strategy<LeaseCandidate> = {
  resource: 'leasecandidates.coordination.k8s.io',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validateName: isConfigMapKey,
  validateCreate: specErrors,
  validateUpdate: (candidate, old) => [
    ...specErrors(candidate),
    ...immutableErrors(candidate.spec?.leaseName ?? '', old.spec?.leaseName ?? '', path.child('leaseName')),
  ],
};

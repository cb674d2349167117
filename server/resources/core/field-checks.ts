import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { KubeObject } from '../../../api/object.ts';
import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';
import { validateObjectMeta } from '../../../api/validation/object-meta.ts';

export const fieldIsImmutable = 'field is immutable';

/** One Invalid per message of a name rule. */
export function invalidEach(path: FieldPath, value: unknown, messages: readonly string[]): FieldErrors {
  return messages.map((message) => invalid(path, value, message));
}

export function dns1123LabelErrors(value: string, path: FieldPath): FieldErrors {
  return invalidEach(path, value, isDNS1123Label(value));
}

export function dns1123SubdomainErrors(value: string, path: FieldPath): FieldErrors {
  return invalidEach(path, value, isDNS1123Subdomain(value));
}

export function qualifiedNameErrors(value: string, path: FieldPath): FieldErrors {
  return invalidEach(path, value, isQualifiedName(value));
}

/** `shown` is how the new value prints where that differs from its JSON: structs of Go, maps. */
export function immutableErrors(value: unknown, old: unknown, path: FieldPath, shown: unknown = value): FieldErrors {
  return semanticEqual(value, old) ? [] : [invalid(path, shown, fieldIsImmutable)];
}

export function nonnegativeQuantityErrors(quantity: string, path: FieldPath): FieldErrors {
  return compareQuantity(quantity, '0') < 0 ? [invalid(path, quantity, 'must be greater than or equal to 0')] : [];
}

export function positiveQuantityErrors(quantity: string, path: FieldPath): FieldErrors {
  return compareQuantity(quantity, '0') <= 0 ? [invalid(path, quantity, 'must be greater than zero')] : [];
}

/** Rounded up to a whole number, as upstream reads it. */
export function basicResourceErrors(quantity: string, path: FieldPath): FieldErrors {
  const value = parseQuantity(quantity).value();
  return value < 0n ? [invalid(path, value, 'must be a valid resource quantity')] : [];
}

export function isWholeQuantity(quantity: string): boolean {
  return parseQuantity(quantity).milliValue() % 1000n === 0n;
}

/** Maps print with sorted keys. */
export function sortedMap<V>(map: Readonly<Record<string, V>> | undefined): Record<string, V> | undefined {
  if (map === undefined) return undefined;
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Some kinds check an update's metadata once more as if the object were new: what is wrong with it stands among the
 * causes once more.
 */
export function metadataErrorsAgain(
  { metadata }: Readonly<KubeObject>,
  scope: 'namespaced' | 'cluster',
  validateName: (name: string, prefix: boolean) => readonly string[] = nameIsDNSSubdomain,
): FieldErrors {
  return validateObjectMeta(metadata, { namespaced: scope === 'namespaced', validateName }, FieldPath.of('metadata'));
}

import { duplicate, type FieldErrors, type FieldPath, tooMany } from '../../../api/field-error.ts';

type Check<T> = (item: T, path: FieldPath) => FieldErrors;

/** Items of a list that is not too long; of one that is, only that. */
export function listErrors<T>(
  list: readonly T[] | undefined,
  max: number,
  check: Check<T>,
  path: FieldPath,
): FieldErrors {
  const items = list ?? [];
  if (items.length > max) return [tooMany(path, items.length, max)];
  return items.flatMap((item, i) => check(item, path.index(i)));
}

/** As `listErrors`, and no two items have the same key. */
export function setErrors<T>(
  list: readonly T[] | undefined,
  max: number,
  rules: { readonly check: Check<T>; readonly key: (item: T) => unknown },
  path: FieldPath,
): FieldErrors {
  const items = list ?? [];
  if (items.length > max) return [tooMany(path, items.length, max)];
  const seen = new Set<string>();
  const duplicates = items.flatMap((item, i) => {
    const key = rules.key(item);
    const id = JSON.stringify(key);
    if (seen.has(id)) return [duplicate(path.index(i), key)];
    seen.add(id);
    return [];
  });
  return [...items.flatMap((item, i) => rules.check(item, path.index(i))), ...duplicates];
}

/** Keys are checked at the map's own path, values at theirs. */
export function mapErrors<T>(
  map: Readonly<Record<string, T>> | undefined,
  max: number,
  rules: { readonly checkKey: Check<string>; readonly check: Check<T> },
  path: FieldPath,
): FieldErrors {
  const entries = Object.entries(map ?? {});
  if (entries.length > max) return [tooMany(path, entries.length, max)];
  return entries.flatMap(([key, value]) => [
    ...rules.checkKey(key, path),
    ...rules.check(value, path.key(shortened(key))),
  ]);
}

// A domain, a slash and an identifier; longer keys are wrong anyway and would only flood the message.
const maxShownKey = 63 + 1 + 32;

function shortened(key: string): string {
  if (key.length <= maxShownKey) return key;
  const remaining = maxShownKey - '...'.length;
  return `${key.slice(0, Math.ceil(remaining / 2))}...${key.slice(key.length - Math.floor(remaining / 2))}`;
}

import type { LabelMatcher } from '../../../api/selectors.ts';

/** Reads the selector of an object once, however often it is asked for while the object stays as it is. */
export function keptMatchers<T extends object>(
  read: (object: Readonly<T>) => LabelMatcher,
): (object: Readonly<T>) => LabelMatcher {
  const kept = new WeakMap<Readonly<T>, LabelMatcher>();
  return (object) => {
    const present = kept.get(object);
    if (present !== undefined) return present;
    const made = read(object);
    kept.set(object, made);
    return made;
  };
}

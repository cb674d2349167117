/** One place where two values disagree; an absent value is undefined. */
export interface Difference {
  readonly path: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function below(path: string, key: string, inArray: boolean): string {
  if (inArray) return `${path}[${key}]`;
  return /^[\w$-]+$/.test(key) ? `${path}.${key}`.replace(/^\./, '') : `${path}["${key}"]`;
}

/** Field by field; the order of fields does not count, the order of items does. */
export function compareValues(ours: unknown, theirs: unknown, path = ''): Difference[] {
  if (Object.is(ours, theirs)) return [];
  if (!isContainer(ours) || !isContainer(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
    return [{ path, ours, theirs }];
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys].flatMap((key) => compareValues(ours[key], theirs[key], below(path, key, Array.isArray(ours))));
}

function shown(value: unknown): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}...` : text;
}

/** A line for the place, one for ours, one for theirs. */
export function differenceLines({ path, ours, theirs }: Difference): string[] {
  return [`@ ${path}`, `- ours   ${shown(ours)}`, `+ theirs ${shown(theirs)}`];
}

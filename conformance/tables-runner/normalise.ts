import { pathSteps } from './path.ts';

type Json = Record<string, unknown>;

/** What a run chose at random, and how the tables call it. */
export interface Names {
  readonly ns: string;
  readonly rand: string;
  /** managedFields are compared too, in an order that does not depend on their times. */
  readonly managers?: boolean;
}

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const time = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const alwaysTimes = new Set(['creationTimestamp', 'deletionTimestamp']);
// A time that the server wrote is near now; one that the table wrote is a fact to compare.
const nearMs = 24 * 3600 * 1000;

function normaliseText(text: string, names: Names, now: number): string {
  return (
    text
      .replaceAll(names.ns, '{ns}')
      .replaceAll(names.rand, '{rand}')
      .replace(uuid, '<uid>')
      .replace(/kube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<random>')
      // Upstream says one or the other, as its cache or its storage noticed.
      .replace('Code: 4, Key: /registry/', 'Code: 4, Key: /')
      .replace(time, (found, fraction) =>
        Math.abs(Date.parse(found) - now) > nearMs ? found : fraction ? '<micro time>' : '<time>',
      )
  );
}

function normaliseField(key: string, value: unknown, names: Names, now: number): unknown {
  if (typeof value === 'string' && value !== '') {
    if (key === 'resourceVersion') return '<revision>';
    if (key === 'continue') return '<continue>';
    if (alwaysTimes.has(key)) return '<time>';
  }
  return normalise(value, names, now);
}

function hideGeneratedName(object: Json): void {
  const { name, generateName } = object;
  if (
    typeof name === 'string' &&
    typeof generateName === 'string' &&
    generateName !== '' &&
    name.startsWith(generateName)
  ) {
    object['name'] = `${generateName}<random>`;
  }
}

/** Managers stand in the order of their times, which a second's turn changes. */
function inOrder(entries: readonly Json[]): Json[] {
  const place = ({ operation, manager, apiVersion, subresource }: Json): string =>
    JSON.stringify([operation, manager, apiVersion, subresource]);
  return entries.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

interface Cause {
  readonly reason?: string;
  readonly field?: string;
}

/** Conflicts of an apply come in no particular order. */
function conflictsInOrder(causes: readonly Cause[]): Cause[] {
  if (!causes.every(({ reason }) => reason === 'FieldManagerConflict')) return [...causes];
  return causes.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Replaces what differs from run to run: uids, revisions, fresh times, random names; drops selfLink, and managedFields where nobody asks for them. */
export function normalise(value: unknown, names: Names, now: number): unknown {
  if (typeof value === 'string') return normaliseText(value, names, now);
  if (Array.isArray(value)) return value.map((item) => normalise(item, names, now));
  if (typeof value !== 'object' || value === null) return value;
  const result: Json = {};
  for (const [key, field] of Object.entries(value)) {
    if (key === 'managedFields' && Array.isArray(field)) {
      if (names.managers === true) result[key] = inOrder(normalise(field, names, now) as Json[]);
      continue;
    }
    if (key === 'selfLink' && typeof field === 'string') continue;
    if (key === 'causes' && Array.isArray(field)) {
      result[key] = conflictsInOrder(normalise(field, names, now) as Cause[]);
      continue;
    }
    result[normaliseText(key, names, now)] = normaliseField(key, field, names, now);
  }
  hideGeneratedName(result);
  return result;
}

function hide(value: unknown, steps: readonly string[], mayBeAbsent: boolean): void {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return;
  const holder = value as Json;
  for (const key of step === '*' ? Object.keys(holder) : [step]) {
    if (!(key in holder)) continue;
    if (rest.length > 0) hide(holder[key], rest, mayBeAbsent);
    else if (mayBeAbsent) delete holder[key];
    else holder[key] = '<ignored>';
  }
}

/** Hides, in place, the values at the given paths; that they are present is still compared unless the path ends with `?`. */
export function hidePaths(body: unknown, paths: readonly string[]): void {
  for (const path of paths) {
    const mayBeAbsent = path.endsWith('?');
    hide(body, pathSteps(mayBeAbsent ? path.slice(0, -1) : path), mayBeAbsent);
  }
}

/** Puts the causes of a Status in the order of their texts, and its message, which lists them, as well. */
export function sortCauses(status: unknown): void {
  if (typeof status !== 'object' || status === null) return;
  const { details, message } = status as { details?: { causes?: Json[] }; message?: string };
  const causes = details?.causes;
  if (!Array.isArray(causes) || typeof message !== 'string') return;
  const texts = causes.map(({ field, message: text }) => `${field}: ${text}`);
  const whole = [...new Set(texts)];
  const list = whole.length === 1 ? whole[0] : `[${whole.join(', ')}]`;
  causes.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const sorted = whole.sort().join(', ');
  if (list !== undefined) (status as Json)['message'] = message.replace(list, () => sorted);
}

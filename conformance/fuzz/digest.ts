import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

/** Go lists members of maps in no order: the lines of a text and the parts of a list of errors are compared as sets. */
function textOf(message: string): string {
  const parts = message.replace(time, '<time>').split(/[\n,]/);
  return parts
    .map((part) => part.trim())
    .sort()
    .join('\n');
}

function statusOf({ reason, message, details, code }: Json): Json {
  const causes = ((details as Json | undefined)?.['causes'] ?? []) as Json[];
  return {
    code,
    reason,
    ...(causes.length === 0 ? { message: textOf(String(message)) } : {}),
    causes: causes.map((cause) => textOf(JSON.stringify(sorted(cause)))).sort(),
  };
}

const dropped = new Set(['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'time']);

function managersOf(entries: readonly Json[]): Json[] {
  const place = ({ operation, manager, apiVersion, subresource }: Json): string =>
    JSON.stringify([operation, manager, apiVersion, subresource]);
  return entries.map(({ time: _, ...entry }) => entry).toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

function objectOf(object: Json): Json {
  const metadata = (object['metadata'] ?? {}) as Json;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !dropped.has(key)));
  const managedFields = managersOf((metadata['managedFields'] ?? []) as Json[]);
  const isLeaving = metadata['deletionTimestamp'] !== undefined;
  return { ...object, metadata: { ...kept, managedFields, isLeaving } };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

/** What is compared of an answer: everything but times, uids and revisions. */
export function normalForm(answer: Json): unknown {
  return sorted(answer['kind'] === 'Status' ? statusOf(answer) : objectOf(answer));
}

/** `200 1f0c2b7a`. */
export function digestOf(status: number, answer: Json): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(normalForm(answer)))
    .digest('hex');
  return `${status} ${hash.slice(0, 8)}`;
}

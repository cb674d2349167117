import { readFileSync } from 'node:fs';
import t from 'tap';
import type { SchemaDocument } from '../schema/schema.ts';
import { StatusError } from '../status.ts';
import { findConversionError } from './conversion-error.ts';
import { applyJsonPatch, unknownJsonPatchFields } from './json-patch.ts';
import { isJsonObject, type JsonObject } from './json-tree.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

interface Case {
  readonly patch: unknown;
  readonly code?: number;
  readonly message?: string;
  readonly result?: unknown;
  readonly changes?: Readonly<Record<string, Readonly<JsonObject>>>;
}

/** Answers of a real API server to patches of one object. */
function readCases(name: string): { original: JsonObject; cases: readonly Case[] } {
  return JSON.parse(readFileSync(new URL(`./${name}.cases.json`, import.meta.url), 'utf8'));
}

const schema: SchemaDocument = JSON.parse(readFileSync(new URL('../generated/schema.json', import.meta.url), 'utf8'));

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const child of Object.values(Object.freeze(value))) deepFreeze(child);
  return value;
}

function outcome(apply: () => unknown): unknown {
  try {
    return apply();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { code: error.code, message: error.message };
  }
}

// The server decodes what the patch gave: nulls of strings are empty, unknown fields and empty maps are gone.
function decodedConfigMap(value: unknown): unknown {
  if (!isJsonObject(value) || typeof value['code'] === 'number') return value;
  const metadata = value['metadata'] as JsonObject;
  const kept = ['name', 'annotations', 'finalizers', 'labels'].filter((key) => !isEmpty(metadata[key]));
  const data = isJsonObject(value['data']) ? value['data'] : {};
  return {
    ...(isEmpty(data) ? {} : { data: Object.fromEntries(Object.entries(data).map(([k, v]) => [k, v ?? ''])) }),
    metadata: Object.fromEntries(kept.map((key) => [key, metadata[key]])),
  };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

for (const [name, apply] of [
  ['json-patch', applyJsonPatch],
  ['merge-patch', applyMergePatch],
] as const) {
  await t.test(`a ${name} has the outcome that a real API server gives it`, async (t) => {
    const { original, cases } = readCases(name);
    deepFreeze(original);
    for (const { patch, result, code, message } of cases) {
      const got = decodedConfigMap(outcome(() => apply(original, deepFreeze(patch))));
      t.strictSame(got, result ?? { code, message }, JSON.stringify(patch));
    }
  });
}

await t.test('a JSON patch shares what it leaves alone and never changes what it was given', async (t) => {
  const original = deepFreeze({ a: { b: [1, 2, { c: 3 }] }, d: { e: 1 } });
  const value = deepFreeze({ list: [1] });
  const result = applyJsonPatch(original, [
    { op: 'add', path: '/a/x', value },
    { op: 'add', path: '/a/x/list/-', value: 2 },
    { op: 'copy', from: '/a/x', path: '/a/y' },
    { op: 'add', path: '/a/y/list/0', value: 0 },
    { op: 'replace', path: '/a/b/2/c', value: 4 },
  ]) as typeof original;
  t.strictSame(result.a, { b: [1, 2, { c: 4 }], x: { list: [1, 2] }, y: { list: [0, 1, 2] } });
  t.equal(result.d, original.d);
});

await t.test('a JSON patch is bounded in operations and copied bytes', async (t) => {
  const test = { op: 'test', path: '/a', value: null };
  t.strictSame(
    outcome(() =>
      applyJsonPatch(
        {},
        Array.from({ length: 10_001 }, () => test),
      ),
    ),
    {
      code: 413,
      message: 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    },
  );
  const doubling = Array.from({ length: 30 }, (_, i) => ({ op: 'copy', from: '/a', path: `/a/${i}` }));
  t.match(
    outcome(() => applyJsonPatch({ a: { text: 'x'.repeat(1000) } }, doubling)),
    { code: 422 },
  );
  t.strictSame(unknownJsonPatchFields([{ op: 'add', extra: 1, path: '/a', b: 2 }]), [
    'json patch unknown field "[0].extra"',
    'json patch unknown field "[0].b"',
  ]);
});

await t.test('patches take members named like those of every object for what they are', async (t) => {
  const patch = JSON.parse('{"__proto__":{"a":1},"toString":{"b":null,"c":2}}');
  const merged = applyMergePatch({}, patch) as JsonObject;
  t.equal(JSON.stringify(merged), '{"__proto__":{"a":1},"toString":{"c":2}}');
  const added = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { a: 1 } }]) as JsonObject;
  t.equal(JSON.stringify(added), '{"__proto__":{"a":1}}');
  t.equal(Object.getPrototypeOf(added), Object.prototype);
});

/** What the server fills in where a patch gives less. */
const defaults = new Set(
  'terminationMessagePath terminationMessagePolicy imagePullPolicy resources protocol apiVersion defaultMode replicas strategy maxSurge maxUnavailable'.split(
    ' ',
  ),
);

/** Decoding drops them, whatever patches say. */
const unknown = new Set(['nosuch', '$retainKeys']);

function findDifference(ours: unknown, theirs: unknown, path = ''): string | undefined {
  if (isEmpty(ours) && isEmpty(theirs)) return undefined;
  if (isJsonObject(ours) && isJsonObject(theirs)) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      if (unknown.has(key) || (ours[key] === undefined && defaults.has(key))) continue;
      const difference = findDifference(ours[key], theirs[key], `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length) {
    for (const [i, item] of ours.entries()) {
      const difference = findDifference(item, theirs[i], `${path}[${i}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return ours === theirs ? undefined : `${path}: ${JSON.stringify(ours)} instead of ${JSON.stringify(theirs)}`;
}

/** Failures of what comes after the patch: decoding, validation. */
function isLater(message: string): boolean {
  return message.includes('is invalid: ') || message.includes('undeterminable');
}

function partsOf(deployment: JsonObject): Record<string, JsonObject> {
  const { metadata, spec } = deployment as Record<string, JsonObject>;
  const { template, ...rest } = spec ?? {};
  const podSpec = isJsonObject(template) ? (template['spec'] as JsonObject) : {};
  return { metadata: metadata ?? {}, spec: rest, podSpec };
}

await t.test('a strategic merge patch has the outcome that a real API server gives it', async (t) => {
  const { original, cases } = readCases('strategic-merge');
  deepFreeze(original);
  const base = partsOf(original);
  for (const { patch, code, message, changes } of cases) {
    const got = outcome(() =>
      applyStrategicMerge(original, deepFreeze(patch), schema, 'io.k8s.api.apps.v1.Deployment'),
    );
    if (message !== undefined) {
      if (!isLater(message)) t.strictSame(got, { code, message }, JSON.stringify(patch));
      continue;
    }
    const expected = Object.fromEntries(
      Object.entries(base).map(([part, members]) => [part, { ...members, ...changes?.[part] }]),
    );
    const ours = isJsonObject(got) && got['code'] === undefined ? partsOf(got) : got;
    t.equal(findDifference(ours, expected), undefined, JSON.stringify(patch));
  }
});

await t.test(
  'values of wrong types are refused after a strategic merge in the words of a real API server',
  async (t) => {
    const { original } = readCases('strategic-merge');
    const cases: readonly [unknown, string | null][] = JSON.parse(
      readFileSync(new URL('./conversion.cases.json', import.meta.url), 'utf8'),
    );
    const deployment = 'io.k8s.api.apps.v1.Deployment';
    for (const [patch, expected] of cases) {
      const result = applyStrategicMerge(original, patch, schema, deployment);
      t.equal(findConversionError(result, schema, deployment) ?? null, expected, JSON.stringify(patch));
    }
  },
);

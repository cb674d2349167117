import { existsSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { parse } from 'yaml';
import { FieldPath } from '../field-error.ts';
import { parseJson } from '../json.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { createDecoder } from '../schema/decode.ts';
import type { SchemaDocument } from '../schema/schema.ts';
import { invalidError } from '../status.ts';
import { applyDefaults, dropUnwantedNulls } from './defaults.ts';
import { coerceEmbedded } from './embedded.ts';
import type { JsonSchema } from './json-schema.ts';
import { createRuleLoader, prepareRules } from './prepare-rules.ts';
import { prune } from './prune.ts';
import { compileStructural, type Structural } from './structural.ts';
import { validateCustomResource } from './validate.ts';

// Replays request tables without a server: what kube-apiserver answered is what these functions must say.

interface Step {
  readonly id?: string;
  readonly method?: string;
  readonly path?: string;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly rawBody?: string;
  readonly unordered?: boolean;
  readonly until?: number;
}

interface Table {
  readonly setup: readonly Step[];
  readonly steps: readonly Step[];
}

interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

interface Answer {
  readonly id: string;
  readonly status: number;
  readonly warnings: readonly string[];
  readonly body: { readonly message?: string; readonly details?: { readonly causes?: readonly Cause[] } } & Json;
}

type Json = Record<string, unknown>;

const metaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const schema = JSON.parse(readFileSync(new URL('../generated/schema.json', import.meta.url), 'utf8')) as SchemaDocument;
const decoder = createDecoder(schema);
const decodeMetadata = (metadata: unknown) => decoder.decode(metaType, metadata);

const conformance = new URL('../../conformance/', import.meta.url);

function structuralOf(table: Table): Structural {
  const definition = table.setup.findLast(({ path }) => path?.includes('customresourcedefinitions'))?.body as {
    spec: { versions: { schema: { openAPIV3Schema: JsonSchema } }[] };
  };
  const version = definition.spec.versions[0];
  return compileStructural(version?.schema.openAPIV3Schema ?? {});
}

interface Outcome {
  readonly status: number;
  readonly message?: string;
  readonly causes: readonly unknown[];
  readonly warnings: readonly string[];
  readonly object?: Json;
}

/** The object that a request would write, and the one it replaces. */
function written(step: Step, stored: Map<string, Json>): { object: Json; old?: Json } {
  const { method = 'POST', path = '' } = step;
  const body = parseJson(step.rawBody ?? JSON.stringify(step.body)).value as Json;
  if (method === 'POST') return { object: body };
  const old = stored.get(path.split(/[/?]/)[0] ?? '') ?? {};
  const changed = method === 'PATCH' ? (applyMergePatch(old, body) as Json) : body;
  const { status: _, ...rest } = structuredClone(path.includes('/status') ? old : changed);
  const kept = path.includes('/status') ? changed['status'] : old['status'];
  return { object: kept === undefined ? rest : { ...rest, status: kept }, old };
}

function replay(step: Step, structural: Structural, stored: Map<string, Json>): Outcome {
  const { method = 'POST', path = '' } = step;
  const { object, old } = written(step, stored);
  const metadata = object['metadata'] as Json;
  const name = metadata['name'] as string;
  const ofMeta = decodeMetadata(structuredClone(metadata)).unknown.map((each) => each.replace('"', '"metadata.'));
  const unknown = prune(object, structural, { track: true });
  dropUnwantedNulls(object, structural);
  const coerced = coerceEmbedded(object, structural, decodeMetadata);
  const strict = [...ofMeta, ...[...unknown, ...coerced.unknown].map((field) => `unknown field "${field}"`)];
  if (coerced.error !== undefined) {
    const why = `${coerced.error.field}: ${coerced.error.detail}`;
    const message = `Thing in version "v1" cannot be handled as a Thing: ${why}`;
    return { status: 400, message, causes: [], warnings: [] };
  }
  if (path.includes('Strict') && strict.length > 0) {
    const message = `Thing in version "v1" cannot be handled as a Thing: strict decoding error: ${strict.join(', ')}`;
    return { status: 400, message, causes: [], warnings: [] };
  }
  const warnings = strict.map((each) => `299 - ${JSON.stringify(each)}`);
  applyDefaults(object, structural);
  const ratcheted: string[] = [];
  const errors = validateCustomResource(object, structural, FieldPath.of(), {
    ...(old === undefined ? {} : { old }),
    statusOnly: path.includes('/status'),
    warnings: ratcheted,
  });
  warnings.push(...ratcheted.map((each) => `299 - ${JSON.stringify(each)}`));
  if (errors.length === 0) {
    if (!path.includes('dryRun')) stored.set(name, structuredClone(object));
    return { status: method === 'POST' ? 201 : 200, causes: [], warnings, object };
  }
  const status = invalidError({ group: '{rand}.example.com', kind: 'Thing' }, name, errors).toStatus();
  return { status: 422, message: status.message ?? '', causes: status.details?.causes ?? [], warnings };
}

function shownCauses(causes: readonly unknown[], unordered: boolean): unknown[] {
  const list = [...causes];
  return unordered ? list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : list;
}

function withoutMetadata({ metadata: _, ...rest }: Json): Json {
  return rest;
}

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** As answers are recorded. */
function normalised<T>(value: T): T {
  const text = JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each));
  return JSON.parse(text.replace(uuid, '<uid>')) as T;
}

const tables = process.env['TABLES']?.split(',') ?? [
  'validation-values',
  'validation-formats',
  'validation-objects',
  'validation-alternatives',
  'pruning',
  'defaulting',
  'validation-embedded',
  'ratcheting',
  'rules',
  'rules-budget',
];

for (const name of tables) {
  test(`${name}: every answer is the recorded one`, async (t) => {
    const file = new URL(`recorded/extension/${name}.json`, conformance);
    if (!existsSync(file)) return;
    const answers = new Map((JSON.parse(readFileSync(file, 'utf8')) as Answer[]).map((each) => [each.id, each]));
    const table = parse(readFileSync(new URL(`tables/extension/${name}.yaml`, conformance), 'utf8'), {
      merge: true,
    }) as Table;
    const structural = structuralOf(table);
    await prepareRules(structural, createRuleLoader());
    const stored = new Map<string, Json>();
    for (const step of table.setup) {
      const { metadata } = (step.body ?? {}) as Json;
      if (step.until === 201 && !step.path?.includes('dryRun'))
        stored.set((metadata as Json)['name'] as string, structuredClone(step.body) as Json);
    }
    for (const step of table.steps) {
      const answer = answers.get(step.id ?? '');
      if (step.body === undefined && step.rawBody === undefined) continue;
      // How a strict patch is refused is the server's matter.
      if (step.method === 'PATCH' && step.path?.includes('Strict')) continue;
      const outcome = normalised(replay(step, structural, stored));
      const { unordered = false } = step;
      const expected = answer?.body.details?.causes ?? [];
      const id = step.id ?? '';
      t.equal(outcome.status, answer?.status, `${id}: status`);
      t.same(shownCauses(outcome.causes, unordered), shownCauses(expected, unordered), `${id}: causes`);
      if (!unordered && outcome.message !== undefined) t.equal(outcome.message, answer?.body.message, `${id}: message`);
      t.same([...outcome.warnings].sort(), [...(answer?.warnings ?? [])].sort(), `${id}: warnings`);
      if (outcome.object !== undefined && answer !== undefined)
        t.same(withoutMetadata(outcome.object), withoutMetadata(answer.body), `${id}: object`);
    }
  });
}

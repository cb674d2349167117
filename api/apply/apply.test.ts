import { readFileSync } from 'node:fs';
import { test } from 'tap';
import type { KubeObject } from '../object.ts';
import { createDecoder } from '../schema/decode.ts';
import type { SchemaDocument } from '../schema/schema.ts';
import { StatusError } from '../status.ts';
import { createFieldManager, keepTimes } from './field-manager.ts';
import { isObject, type JsonObject } from './field-type.ts';
import type { ManagedFields } from './managers.ts';
import { ignoredFields } from './reset-fields.ts';
import { createSchemaTypes } from './schema-types.ts';
import type { FieldTarget } from './target.ts';

interface Step {
  readonly do: 'create' | 'update' | 'patch' | 'apply';
  readonly manager: string;
  readonly subresource?: string;
  readonly force?: boolean;
  readonly note?: string;
  readonly body?: unknown;
  /** managedFields that the request brought. */
  readonly given?: ManagedFields;
  /** The spec before the server chose values (addresses, tolerations), where they differ. */
  readonly next?: unknown;
  readonly time?: string;
  readonly object?: KubeObject;
  readonly status?: {
    readonly code: number;
    readonly message: string;
    readonly details?: { readonly causes?: unknown[] };
  };
}

interface Sequence {
  readonly name: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly steps: readonly Step[];
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

const schema = read<SchemaDocument>('../generated/schema.json');
const decoder = createDecoder(schema);
const types = createSchemaTypes(schema);
const decode = (type: string, value: unknown) => decoder.decode(type, structuredClone(value)).object as KubeObject;

function targetOf({ type, apiVersion, kind }: Sequence, subresource: string): FieldTarget {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const ignored = ignoredFields({ group, kind, subresource });
  return {
    apiVersion,
    kind,
    subresource,
    type: (version) => (version === apiVersion ? types.typeNamed(type) : undefined),
    empty: { ...types.emptyObject(type), apiVersion, kind },
    ...(ignored === undefined ? {} : { ignored }),
  };
}

/** Where a value holds something that another one, which may hold more, does not. Zero ports and nil lists are for defaulting. */
function missing(part: unknown, whole: unknown, path = ''): string[] {
  if (Array.isArray(part)) {
    if (part.length === 0 && whole === undefined) return [];
    if (!Array.isArray(whole) || whole.length !== part.length) return [`${path}: ${JSON.stringify(whole)}`];
    return part.flatMap((item, i) => missing(item, whole[i], `${path}[${i}]`));
  }
  if (part === 0 && path.endsWith('.targetPort')) return [];
  if (!isObject(part)) return part === whole ? [] : [`${path}: ${JSON.stringify(part)} and ${JSON.stringify(whole)}`];
  if (!isObject(whole)) return Object.keys(part).length === 0 ? [] : [`${path} is absent`];
  return Object.keys(part).flatMap((name) => missing(part[name], whole[name], `${path}.${name}`));
}

const manager = createFieldManager();

function withManagers(object: KubeObject, managedFields: ManagedFields | undefined): KubeObject {
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/** The managedFields, or the failure, of one recorded step; for an apply also what is wrong with the object. */
function replay(sequence: Sequence, step: Step, live: KubeObject | undefined) {
  const target = targetOf(sequence, step.subresource ?? '');
  const time = step.time ?? '2036-01-01T00:00:00Z';
  const response = step.object === undefined ? undefined : decode(sequence.type, step.object);
  const settled = (managedFields: ManagedFields | undefined) =>
    live === undefined || response === undefined
      ? managedFields
      : keepTimes(live, withManagers(response, managedFields));
  if (step.do === 'apply') {
    const request = { target, live, applied: step.body, manager: step.manager, force: step.force === true, time };
    const { object, managedFields } = manager.apply(request);
    const merged = decode(sequence.type, object);
    const ignored = step.subresource === undefined ? ['stringData', 'status'] : ['spec'];
    const { metadata, ...rest } = merged as KubeObject & JsonObject;
    for (const name of ignored) delete rest[name];
    const { generation: _, uid: __, creationTimestamp: ___, ...meta } = metadata ?? {};
    return { managedFields: settled(managedFields), wrong: missing({ ...rest, metadata: meta }, response) };
  }
  const next = { ...response, ...(step.next === undefined ? {} : { spec: step.next }) };
  const given = step.given ?? live?.metadata?.managedFields;
  const managedFields = manager.update({ target, live, next: withManagers(next, given), manager: step.manager, time });
  return { managedFields: settled(managedFields), wrong: [] };
}

function failureOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error.toStatus();
    throw error;
  }
  return undefined;
}

for (const file of ['config-maps', 'workloads', 'other-kinds']) {
  test(`the recorded steps of ${file} end with the managers of a real server`, (t) => {
    for (const sequence of read<Sequence[]>(`${file}.cases.json`)) {
      let live: KubeObject | undefined;
      for (const [index, step] of sequence.steps.entries()) {
        const name = `${sequence.name}: step ${index + 1}, ${step.do} by ${step.manager}`;
        const { status } = step;
        if (status !== undefined && status.code !== 409 && status.code !== 500 && status.code !== 400) continue;
        if (status === undefined) {
          const { managedFields, wrong } = replay(sequence, step, live);
          t.strictSame(managedFields, step.object?.metadata?.managedFields, name);
          t.equal(
            JSON.stringify(managedFields),
            JSON.stringify(step.object?.metadata?.managedFields),
            `${name}: order`,
          );
          t.strictSame(wrong, [], `${name}: object`);
          live = step.object === undefined ? undefined : decode(sequence.type, step.object);
          continue;
        }
        const failure = failureOf(() => replay(sequence, step, live));
        t.match(failure, { code: status.code, message: status.message }, name);
        const causes = (failure as { details?: { causes?: unknown[] } }).details?.causes;
        t.strictSame(causes, status.details?.causes, `${name}: causes`);
      }
    }
    t.end();
  });
}

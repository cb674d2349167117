import { readFileSync } from 'node:fs';
import { test } from 'tap';
import type { KubeObject } from '../object.ts';
import { createDecoder } from '../schema/decode.ts';
import type { SchemaDocument } from '../schema/schema.ts';
import { StatusError } from '../status.ts';
import { createFieldManager, keepTimes } from './field-manager.ts';
import {
  difference,
  equalFieldSets,
  fieldSetOf,
  intersection,
  leaves,
  parseFieldSet,
  pathsOf,
  pathText,
  recursiveDifference,
  union,
} from './field-set.ts';
import { isObject, type JsonObject } from './field-type.ts';
import type { ManagedFields } from './managers.ts';
import { ignoredFields } from './reset-fields.ts';
import { fromScaleManagedFields, toScaleManagedFields } from './scale.ts';
import { createSchemaTypes } from './schema-types.ts';
import { structuralType } from './structural-types.ts';
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

/** A real server names the managers of one conflict in no order. */
function sortedTexts(causes: readonly unknown[] | undefined): string[] {
  return (causes ?? []).map((cause) => JSON.stringify(cause, ['reason', 'message', 'field'])).sort();
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

for (const file of ['config-maps', 'workloads', 'other-kinds', 'lists']) {
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
        t.strictSame(sortedTexts(causes), sortedTexts(status.details?.causes), `${name}: causes`);
      }
    }
    t.end();
  });
}

test('an object of two versions is compared for every manager in that manager’s own', (t) => {
  interface VersionedStep extends Pick<Step, 'manager'> {
    readonly apiVersion: string;
    readonly time: string;
    readonly objects: Readonly<Record<string, KubeObject>>;
  }
  const typeIn = (apiVersion: string) => `io.k8s.api.${apiVersion.replace('/', '.')}.HorizontalPodAutoscaler`;
  let before: Readonly<Record<string, KubeObject>> | undefined;
  for (const step of read<VersionedStep[]>('versions.cases.json')) {
    const { apiVersion, objects } = step;
    const decoded = Object.fromEntries(
      Object.entries(objects).map(([version, object]) => [version, decode(typeIn(version), object)]),
    );
    const live = before?.[apiVersion];
    const old = before;
    const target: FieldTarget = {
      ...targetOf({ name: '', steps: [], kind: 'HorizontalPodAutoscaler', apiVersion, type: typeIn(apiVersion) }, ''),
      type: (version) => types.typeNamed(typeIn(version)),
      convert: (object, version) => {
        if (old !== undefined && object === live) return old[version] as JsonObject;
        if (live === undefined && Object.keys(object).length < 4) return { ...types.emptyObject(typeIn(version)) };
        return decoded[version] as JsonObject;
      },
    };
    const next = withManagers(decoded[apiVersion] ?? {}, live?.metadata?.managedFields);
    const managedFields = manager.update({ target, live, next, manager: step.manager, time: step.time });
    t.strictSame(managedFields, objects[apiVersion]?.metadata?.managedFields, `${step.manager} in ${apiVersion}`);
    before = decoded;
  }
  t.end();
});

test('a manager of a version that is no longer served is dropped', (t) => {
  const sequence = { name: '', steps: [], type: 'io.k8s.api.core.v1.ConfigMap', apiVersion: 'v1', kind: 'ConfigMap' };
  const entry = {
    manager: 'old',
    operation: 'Update',
    apiVersion: 'v0',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': {} },
  };
  const live = { metadata: { uid: 'u', managedFields: [entry] } };
  const request = { target: targetOf(sequence, ''), live, next: live, manager: 'm', time: '2026-01-01T00:00:00Z' };
  t.equal(manager.update(request), undefined);
  t.end();
});

test('field sets are read, combined and written in upstream’s order', (t) => {
  const messy = {
    'f:b': { 'f:c': {}, '.': {} },
    'k:{"protocol":"TCP", "port":80}': {},
    'f:a': {},
    'x:y': {},
    'i:1': {},
  };
  const set = parseFieldSet(messy) ?? {};
  t.equal(
    JSON.stringify(set),
    JSON.stringify({ 'f:a': {}, 'f:b': { '.': {}, 'f:c': {} }, 'k:{"port":80,"protocol":"TCP"}': {}, 'i:1': {} }),
  );
  t.equal(parseFieldSet(set), set, 'canonical sets are taken as they are');
  for (const wrong of [{ f: {} }, { 'f:a': 1 }, 'x', { 'k:[]': {} }, { 'i:x': {} }, { 'v:{': {} }]) {
    t.equal(parseFieldSet(wrong), undefined, JSON.stringify(wrong));
  }
  t.strictSame(pathsOf(set).map(pathText), ['.a', '.b', '[port=80,protocol="TCP"]', '[1]', '.b.c']);
  const ports = parseFieldSet({ 'k:{"port":443}': {}, 'k:{"port":80}': {}, 'v:10': {}, 'v:9': {}, 'v:"a"': {} }) ?? {};
  t.strictSame(Object.keys(ports), ['k:{"port":80}', 'k:{"port":443}', 'v:9', 'v:10', 'v:"a"']);
  const b = fieldSetOf(['f:b']);
  t.strictSame(difference(set, b)['f:b'], { 'f:c': {} });
  t.strictSame(recursiveDifference(set, b)['f:b'], undefined);
  t.strictSame(intersection(set, union(b, fieldSetOf(['f:b', 'f:d']))), { 'f:b': {} });
  t.strictSame(union(fieldSetOf(['f:b', 'f:d']), b), { 'f:b': { '.': {}, 'f:d': {} } });
  t.strictSame(leaves(union(b, fieldSetOf(['f:b', 'f:d']))), { 'f:b': { 'f:d': {} } });
  t.ok(equalFieldSets(union(set, ports), union(ports, set)));
  t.end();
});

test('a scale shows who manages the replicas, and gives them back', (t) => {
  const paths = { 'apps/v1': ['f:spec', 'f:replicas'] };
  const applied = (fieldsV1: object, rest: object = {}) => ({
    manager: 'ssa',
    operation: 'Apply',
    apiVersion: 'apps/v1',
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsV1 as Record<string, never>,
    ...rest,
  });
  const parent = [applied({ 'f:spec': { 'f:replicas': {}, 'f:selector': {} } }, { time: '2026-01-01T00:00:00Z' })];
  const scale = toScaleManagedFields(parent, paths);
  t.match(scale, [{ manager: 'ssa', apiVersion: 'autoscaling/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }]);
  t.strictSame(fromScaleManagedFields(parent, scale, 'apps/v1', paths), parent, 'untouched');
  const stolen = [
    {
      ...applied({ 'f:spec': { 'f:replicas': {} } }),
      manager: 'hpa',
      operation: 'Update',
      apiVersion: 'autoscaling/v1',
      time: '2026-01-01T00:00:05Z',
      subresource: 'scale',
    },
  ];
  t.match(fromScaleManagedFields(parent, stolen, 'apps/v1', paths), [
    { manager: 'ssa', fieldsV1: { 'f:spec': { 'f:selector': {} } } },
    { manager: 'hpa', apiVersion: 'apps/v1', subresource: 'scale', time: undefined },
  ]);
  t.end();
});

test('custom resources have the managers that a real server gives them, by their structural schema', (t) => {
  const recorded = read<{ readonly schema: JsonObject; readonly steps: readonly Step[] }>('custom.cases.json');
  const objectMeta = types.typeNamed('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta') ?? {};
  const type = structuralType(recorded.schema, objectMeta);
  const gvk = { apiVersion: 'fields.example.com/v1', kind: 'Thing' };
  const ignoredBy = (subresource: string): FieldTarget['ignored'] => ({
    all: subresource === '' ? fieldSetOf(['f:status']) : fieldSetOf(['f:spec'], ['f:metadata']),
  });
  let live: KubeObject | undefined;
  for (const [index, step] of recorded.steps.entries()) {
    const { do: verb, time = '2036-01-01T00:00:00Z', subresource = '', force = false } = step;
    const ignored = ignoredBy(subresource) ?? { all: {} };
    const target: FieldTarget = { ...gvk, subresource, type: () => type, empty: gvk, ignored };
    const run = () =>
      verb === 'apply'
        ? manager.apply({ target, live, applied: step.body, manager: step.manager, force, time }).managedFields
        : manager.update({
            target,
            live,
            next: withManagers(step.object ?? {}, live?.metadata?.managedFields),
            manager: step.manager,
            time,
          });
    const name = `step ${index + 1}, ${verb} by ${step.manager}`;
    if (step.status !== undefined) {
      t.match(failureOf(run), { code: step.status.code, message: step.status.message }, name);
      continue;
    }
    const managedFields = run();
    const { object } = step;
    const settled =
      live === undefined || object === undefined ? managedFields : keepTimes(live, withManagers(object, managedFields));
    t.strictSame(settled, object?.metadata?.managedFields, name);
    live = object;
  }
  t.end();
});

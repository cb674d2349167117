import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { parse } from 'yaml';
import { semanticEqual } from '../../api/equal.ts';
import { type FieldErrors, FieldPath } from '../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../api/names.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import { createDecoder } from '../../api/schema/decode.ts';
import type { SchemaDocument } from '../../api/schema/schema.ts';
import { invalidError } from '../../api/status.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../api/validation/object-meta.ts';
import type { AnyStrategy, StrategyContext, UpdateStrategy } from '../registry/strategy.ts';
import { coordinationStrategies } from './coordination/strategies.ts';
import { coreStrategies } from './core/strategies.ts';
import { discoveryStrategies } from './discovery/strategies.ts';
import { eventConversions } from './events/conversions.ts';
import { networkingStrategies } from './networking/strategies.ts';
import { storageStrategies } from './storage/strategies.ts';

// Feeds the request tables through decoding, defaults and strategies alone, without a server, and compares messages,
// warnings and objects with what a real one answered.

type Json = Record<string, unknown>;
interface Step {
  readonly id?: string;
  readonly method?: string;
  readonly path?: string;
  readonly contentType?: string;
  readonly body?: Json;
}
interface Answer {
  readonly id: string;
  readonly status: number;
  readonly warnings: readonly string[];
  readonly body: Json;
}
interface Target {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly name: string;
  readonly subresource: string;
}

const root = join(import.meta.dirname, '../..');
const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const schema = read('api/generated/schema.json') as SchemaDocument;
const decoder = createDecoder(schema);
const { resources } = read('api/generated/resources.json') as { resources: readonly Target[] };
const strategies = new Map(
  [coreStrategies, networkingStrategies, discoveryStrategies, coordinationStrategies, storageStrategies]
    .flat()
    .map((strategy) => [strategy.resource, strategy]),
);
const areas = ['core', 'events', 'networking', 'discovery', 'coordination', 'storage'];
/** Of the core group those without allocators and the like; the others have tests of their own. */
const coreTables = [
  'namespaces',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'nodes',
  'events',
  'endpoints',
  'limitranges',
  'resourcequotas',
  'persistentvolumes',
  'persistentvolumeclaims',
];
/** Every answer about some kinds has one of these; the handlers add them. */
const deprecations = /is deprecated in v1\.\d+\+; use /;
const now = Date.parse('2030-01-01T00:00:00Z');
const context = { now, user: { username: 'u', groups: [] }, namespace: 'table', uuid: () => '<uid>' };

function localised<T>(value: T): T {
  const text = JSON.stringify(value)
    .replaceAll('{ns}', 'table')
    .replaceAll('{rand}', 'r')
    .replaceAll('<time>', '2030-01-01T00:00:00Z')
    .replaceAll('<micro time>', '2030-01-01T00:00:00.000000Z');
  return JSON.parse(text) as T;
}

function targetOf(path: string): Target | undefined {
  const parts = (path.split('?')[0] ?? '').split('/').slice(1);
  const [group, version] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]];
  let rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const isIn = (resource: string | undefined): Target | undefined =>
    resources.find((r) => r.group === group && r.version === version && r.resource === resource);
  if (rest[0] === 'namespaces' && isIn(rest[2])?.namespaced) rest = rest.slice(2);
  const found = isIn(rest[0]);
  return found && { ...found, name: rest[1] ?? '', subresource: rest[2] ?? '' };
}

function mergePatch(value: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Json = { ...(typeof value === 'object' && !Array.isArray(value) ? value : {}) };
  for (const [key, part] of Object.entries(patch)) {
    if (part === null) delete result[key];
    else result[key] = mergePatch(result[key], part);
  }
  return result;
}

class Simulation {
  readonly target: Target;
  readonly strategy: AnyStrategy;
  readonly #type: string;
  readonly #context: StrategyContext;

  constructor(target: Target, strategy: AnyStrategy) {
    const { group, version, kind } = target;
    const type = Object.entries(schema.types).find(([, { gvk }]) =>
      gvk?.some(([g, v, k]) => g === group && v === version && k === kind),
    );
    this.target = target;
    this.strategy = strategy;
    this.#type = type?.[0] ?? '';
    this.#context = { ...context, apiVersion: apiVersionOf(target) };
  }

  /** A body in the stored version. */
  hub(body: Json): KubeObject {
    const { object } = decoder.decode(this.#type, structuredClone(body));
    const conversion = eventConversions.find(({ group }) => group === this.target.group);
    return conversion === undefined ? object : conversion.toHub(object);
  }

  served(object: KubeObject): KubeObject {
    const conversion = eventConversions.find(({ group }) => group === this.target.group);
    return conversion?.fromHub(object) ?? object;
  }

  create(body: Json): { object: KubeObject; message: string; warnings: readonly string[] } {
    const { strategy } = this;
    const object = this.hub(body);
    strategy.applyDefaults?.(object);
    const { namespace = 'table', ...metadata } = object.metadata ?? {};
    object.metadata = this.target.namespaced ? { ...metadata, namespace } : metadata;
    const { name, generateName } = object.metadata ?? {};
    if (!name && generateName) object.metadata = { ...object.metadata, name: `${generateName}random` };
    strategy.prepareForCreate?.(object, this.#context);
    const validateName = strategy.validateName ?? nameIsDNSSubdomain;
    // Generated names are checked before they are random.
    const meta = { ...object.metadata, name: name || generateName?.replace(/-$/, 'x') || '' };
    const errors = [
      ...validateObjectMeta(meta, { namespaced: this.target.namespaced, validateName }, FieldPath.of('metadata')),
      ...(strategy.validateCreate?.(object, this.#context) ?? []),
    ];
    return {
      object: this.served(object),
      message: this.#message(name, errors),
      warnings: strategy.warningsOnCreate?.(object) ?? [],
    };
  }

  /** Errors name the kind in the group where it is stored. */
  #message(name: string | undefined, errors: FieldErrors): string {
    const { kind, group } = this.target;
    if (errors.length === 0) return '';
    return invalidError({ kind, group: group === 'events.k8s.io' ? '' : group }, name ?? '', errors).message;
  }

  update(body: Json, before: Json): { object: KubeObject; message: string; warnings: readonly string[] } {
    const { subresource } = this.target;
    const how: UpdateStrategy | undefined =
      subresource === '' ? this.strategy : this.strategy.subresources?.[subresource];
    const old = this.hub(before);
    const object = this.hub(body);
    this.strategy.applyDefaults?.(object);
    const { uid, creationTimestamp, deletionTimestamp, generation, namespace } = old.metadata ?? {};
    const kept = { uid, creationTimestamp, deletionTimestamp, generation, namespace, resourceVersion: '1' };
    object.metadata = JSON.parse(JSON.stringify({ ...kept, ...object.metadata })) as NonNullable<
      KubeObject['metadata']
    >;
    how?.prepareForUpdate?.(object, old, this.#context);
    const errors = [
      ...validateObjectMetaUpdate(object.metadata, old.metadata, FieldPath.of('metadata')),
      ...(how?.validateUpdate?.(object, old, this.#context) ?? []),
    ];
    const message = this.#message(object.metadata?.name, errors);
    return { object: this.served(object), message, warnings: how?.warningsOnUpdate?.(object, old) ?? [] };
  }
}

/** Encoding writes null where a list or a time is missing, and for empty lists where storage forgets them. */
function isNothing(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

/** Without what the registry and admission add. */
function comparable(object: KubeObject, target: Target): Json {
  const {
    uid: _u,
    resourceVersion: _r,
    creationTimestamp: _c,
    deletionTimestamp: _d,
    generation: _g,
    ...metadata
  } = object.metadata ?? {};
  const {
    kind: _k,
    apiVersion: _a,
    ...rest
  } = JSON.parse(JSON.stringify(object), (key, value) =>
    key === 'resourceVersion' || isNothing(value) ? undefined : value,
  ) as Json;
  if (/^(persistentvolume|volumeattributes)/.test(target.resource)) delete metadata.finalizers;
  if (metadata.generateName) {
    delete metadata.labels;
    delete metadata.name;
  }
  const spec = rest['spec'] as { taints?: readonly { key: string }[] } | undefined;
  if (target.resource === 'nodes' && spec?.taints !== undefined) {
    spec.taints = spec.taints.filter(({ key }) => key !== 'node.kubernetes.io/not-ready');
    if (spec.taints.length === 0) delete spec.taints;
  }
  return { ...rest, metadata };
}

function tables(): string[] {
  return areas.flatMap((area) =>
    readdirSync(join(root, 'conformance/tables', area))
      .map((file) => `${area}/${file.replace('.yaml', '')}`)
      .filter((name) => area !== 'core' || coreTables.includes(name.slice('core/'.length))),
  );
}

function runStep(step: Step, path: string, answer: Answer, state: Map<string, Json>): readonly string[] {
  const target = targetOf(path);
  const strategy =
    target &&
    strategies.get(
      target.group === '' || target.group === 'events.k8s.io' ? target.resource : `${target.resource}.${target.group}`,
    );
  if (target === undefined || strategy === undefined) return [`no strategy for ${path}`];
  const simulation = new Simulation(target, strategy);
  const method = step.method ?? 'POST';
  const before = state.get(target.name);
  const body = localised(step.body ?? {});
  let got: ReturnType<Simulation['create']>;
  if (before === undefined || method === 'POST') got = simulation.create(body);
  else if (method === 'PUT') got = simulation.update(body, before);
  else got = simulation.update(mergePatch(before, body) as Json, before);
  if (answer.status === 422) {
    const message = localised(answer.body)['message'];
    return got.message === message ? [] : [`answered: ${message}`, `here:     ${got.message}`];
  }
  const problems = got.message === '' ? [] : [`refused: ${got.message}`];
  const warnings = localised(answer.warnings)
    .map((text) => /^299 - (".*")$/.exec(text)?.[1] ?? '""')
    .filter((text) => !deprecations.test(text));
  const shown = got.warnings.map((text) => JSON.stringify(text));
  if (!semanticEqual(warnings, shown)) problems.push(`answered warnings ${warnings}, here ${shown}`);
  const expected = comparable(localised(answer.body), target);
  const actual = comparable(got.object, target);
  if (!isDeepStrictEqual(expected, actual)) {
    problems.push(`answered: ${JSON.stringify(expected)}`, `here:     ${JSON.stringify(actual)}`);
  }
  return problems;
}

for (const name of tables()) {
  await t.test(`strategies answer the table ${name} as a real server does`, async (t) => {
    const text = readFileSync(join(root, 'conformance/tables', `${name}.yaml`), 'utf8');
    const { base = '', steps } = parse(text, { merge: true }) as { base?: string; steps: readonly Step[] };
    const answers = read(`conformance/recorded/${name}.json`) as readonly Answer[];
    const state = new Map<string, Json>();
    for (const [i, step] of steps.entries()) {
      const answer = answers[i];
      if (answer === undefined) continue;
      const own = step.path ?? '';
      const path = localised(
        own.startsWith('/') ? own : own === '' || own.startsWith('?') ? base + own : `${base}/${own}`,
      );
      const isWrite = ['POST', 'PUT', 'PATCH'].includes(step.method ?? 'POST');
      const isPlain = [undefined, 'application/json', 'application/merge-patch+json'].includes(step.contentType);
      const isDecided = answer.status < 300 || answer.status === 422;
      const isAboutMore =
        answer.status === 422 && !/resourceVersion: Invalid value/.test(String(answer.body['message']));
      if (isWrite && isPlain && isDecided && (isAboutMore || answer.status < 300)) {
        t.strictSame(runStep(step, path, answer, state), [], step.id ?? path);
      }
      const result = localised(answer.body);
      const meta = result['metadata'] as { name?: string } | undefined;
      const isStored = answer.status < 300 && result['kind'] !== 'Status' && !path.includes('dryRun');
      if (isStored && meta?.name !== undefined) state.set(meta.name, result);
    }
  });
}

await t.test('config maps and secrets hold at most 1 MiB', async (t) => {
  const [configMaps, secrets] = ['configmaps', 'secrets'].map((resource) => {
    const target = targetOf(`/api/v1/namespaces/table/${resource}`);
    const strategy = strategies.get(resource);
    if (target === undefined || strategy === undefined) throw new Error(`no strategy for ${resource}`);
    return new Simulation(target, strategy);
  });
  const metadata = { name: 'big' };
  const mebibyte = 'x'.repeat(1024 * 1024);
  const binary = Buffer.from(mebibyte).toString('base64');
  t.equal(configMaps?.create({ metadata, data: { a: mebibyte } }).message, '');
  t.equal(secrets?.create({ metadata, data: { a: binary } }).message, '');
  const tooLong = 'Too long: may not be more than 1048576 bytes';
  const oneMore = configMaps?.create({ metadata, data: { a: 'y' }, binaryData: { b: binary } });
  t.equal(oneMore?.message, `ConfigMap "big" is invalid: []: ${tooLong}`);
  const secret = secrets?.create({ metadata, stringData: { a: `${mebibyte}x` } });
  t.equal(secret?.message, `Secret "big" is invalid: data: ${tooLong}`);
});

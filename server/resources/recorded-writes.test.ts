import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { type FieldError, FieldPath, fieldErrorMessage } from '../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import { createDecoder } from '../../api/schema/decode.ts';
import type { SchemaDocument } from '../../api/schema/schema.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../api/validation/object-meta.ts';
import type { AnyStrategy, StrategyContext, UpdateStrategy } from '../registry/strategy.ts';
import { admissionregistrationStrategies } from './admissionregistration/strategies.ts';
import { apiextensionsStrategies } from './apiextensions/strategies.ts';
import { apiregistrationStrategies } from './apiregistration/strategies.ts';
import { certificatesStrategies } from './certificates/strategies.ts';
import { flowcontrolStrategies } from './flowcontrol/strategies.ts';
import { nodeStrategies } from './node/strategies.ts';
import { rbacStrategies } from './rbac/strategies.ts';
import { resourceStrategies } from './resource/strategies.ts';
import { schedulingStrategies } from './scheduling/strategies.ts';

// Replays the POST and PUT steps of request tables through strategies alone, without a server: what a strategy answers
// must be what kube-apiserver answered.

const strategies = [
  ...rbacStrategies,
  ...schedulingStrategies,
  ...nodeStrategies,
  ...certificatesStrategies,
  ...flowcontrolStrategies,
  ...admissionregistrationStrategies,
  ...apiextensionsStrategies,
  ...apiregistrationStrategies,
  ...resourceStrategies,
];
const conformance = join(import.meta.dirname, '../../conformance');

interface Step {
  readonly id: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: KubeObject;
  readonly ignore?: readonly string[];
}

interface Recorded {
  readonly id: string;
  readonly status: number;
  readonly warnings: readonly string[];
  readonly body: KubeObject & {
    message?: string;
    details?: { causes?: readonly { message: string; field: string }[] };
  };
}

const context: StrategyContext = {
  now: 0,
  user: { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] },
  namespace: 'ns',
  uuid: () => '00000000-0000-4000-8000-000000000000',
};

const clusterScoped =
  /^(clusterrole|certificatesigning|priorityclass|runtimeclass|flowschema|prioritylevel|customresource|apiservice|deviceclass|resourceslice|mutating|validating)/;

/** Without what is the same as absent, and without what every write changes. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .map(([key, field]) => [key, bare(field)] as const)
    .filter(
      ([key, field]) =>
        !['metadata', 'apiVersion', 'kind'].includes(key) && !isZero(field) && !/([tT]ime|^timeAdded)$/.test(key),
    );
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return !value;
}

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../api/generated/schema.json'), 'utf8'),
) as SchemaDocument;
const decoder = createDecoder(schema);

function typeName(group: string, kind: string): string {
  const found = Object.entries(schema.types).find(([, { gvk = [] }]) =>
    gvk.some(([g, v, k]) => g === group && v === 'v1' && k === kind),
  );
  if (found === undefined) throw new Error(`no type for ${kind} of ${group}`);
  return found[0];
}

/** Who writes: whom the step impersonates, or the administrator. */
function contextOf({ headers = {} }: Step): StrategyContext {
  const {
    'Impersonate-User': username,
    'Impersonate-Group': group = '',
    'Impersonate-Uid': uid,
    'Impersonate-Extra-Team': team,
  } = headers;
  if (username === undefined) return context;
  const user = {
    username,
    groups: [group, 'system:authenticated'],
    ...(uid ? { uid } : {}),
    ...(team ? { extra: { team: [team] } } : {}),
  };
  return { ...context, user };
}

function create(strategy: AnyStrategy, object: KubeObject, context: StrategyContext): FieldError[] {
  strategy.applyDefaults?.(object);
  strategy.prepareForCreate?.(object, context);
  const namespaced = !clusterScoped.test(strategy.resource);
  const meta = { ...object.metadata, ...(namespaced ? { namespace: 'ns' } : {}) };
  const rules = {
    namespaced,
    validateName: (name: string, prefix: boolean) => (strategy.validateName ?? nameIsDNSSubdomain)(name, prefix),
  };
  return [
    ...validateObjectMeta(meta, rules, FieldPath.of('metadata')),
    ...(strategy.validateCreate?.(object, context) ?? []),
  ];
}

function update(main: AnyStrategy, how: UpdateStrategy, object: KubeObject, old: KubeObject): FieldError[] {
  main.applyDefaults?.(object);
  how.prepareForUpdate?.(object, old, context);
  const meta = { ...old.metadata, ...object.metadata, resourceVersion: '1' };
  return [
    ...(how.validateUpdate?.(object, old, context) ?? []),
    ...validateObjectMetaUpdate(meta, old.metadata, FieldPath.of('metadata')),
  ];
}

// Rules that look at other objects are checked when a write begins.
const needsOthers = new Set(['admin access without the label']);

/** Decoding errors, conflicts and missing objects are not a strategy's business. */
function isStrategys(step: Step, { status }: Recorded): boolean {
  const isPlain = !step.path?.includes('?') || step.path.endsWith('?dryRun=All');
  const writes = step.method === undefined || step.method === 'POST' || step.method === 'PUT';
  return (
    writes &&
    (step.headers === undefined || 'Impersonate-User' in step.headers) &&
    step.ignore === undefined &&
    !needsOthers.has(step.id) &&
    isPlain &&
    [200, 201, 422].includes(status)
  );
}

function check(t: Test, strategy: AnyStrategy, steps: readonly Step[], recorded: ReadonlyMap<string, Recorded>): void {
  const [, ...group] = strategy.resource.split('.');
  const kind = [...recorded.values()].find(({ status }) => status === 201)?.body.kind ?? '';
  const type = typeName(group.join('.'), kind);
  const stored = new Map<string, KubeObject>();
  for (const step of steps) {
    const expected = recorded.get(step.id);
    if (expected === undefined || step.body === undefined || !isStrategys(step, expected)) continue;
    const object: KubeObject = decoder.decode(type, structuredClone(step.body)).object;
    const [name = '', subresource] = (step.path ?? '').replace('?dryRun=All', '').split('/');
    const old = stored.get(name);
    const how = subresource === undefined ? strategy : strategy.subresources?.[subresource];
    if (how === undefined || expected.body.message?.includes('must be specified for an update')) continue;
    const warnings = old === undefined ? strategy.warningsOnCreate?.(object) : how.warningsOnUpdate?.(object, old);
    const errors = old === undefined ? create(strategy, object, contextOf(step)) : update(strategy, how, object, old);
    const causes = expected.status === 422 ? (expected.body.details?.causes ?? []) : [];
    t.same(
      errors.map(fieldErrorMessage),
      causes.map(({ field, message }) => (field === '<nil>' ? message : `${field}: ${message}`)),
      `${step.id}: errors`,
    );
    if (expected.status === 422) continue;
    t.same(
      (warnings ?? []).map((text) => `299 - ${JSON.stringify(text)}`),
      expected.warnings,
      `${step.id}: warnings`,
    );
    t.same(bare(object), bare(expected.body), `${step.id}: object`);
    stored.set(object.metadata?.name ?? '', object);
  }
}

function read(file: string): string {
  return readFileSync(file, 'utf8').replaceAll('{rand}', 'zrand').replaceAll('{ns}', 'ns');
}

for (const strategy of strategies) {
  const [plural = '', group = ''] = strategy.resource.split('.');
  const table = `${group}/${plural}`;
  const file = join(conformance, 'tables', `${table}.yaml`);
  // A stock server does not serve beta and alpha kinds: nobody could be asked about them.
  if (!existsSync(file)) continue;
  t.test(`${strategy.resource} are written as kube-apiserver writes them`, async (t) => {
    const { steps } = parse(read(file), { merge: true }) as { steps: Step[] };
    const recorded = JSON.parse(read(join(conformance, 'recorded', `${table}.json`))) as Recorded[];
    check(t, strategy, steps, new Map(recorded.map((answer) => [answer.id, answer])));
  });
}

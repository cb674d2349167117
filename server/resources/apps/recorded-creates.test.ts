import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { FieldPath } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { KubeObject } from '../../../api/object.ts';
import { createDecoder } from '../../../api/schema/decode.ts';
import type { SchemaDocument } from '../../../api/schema/schema.ts';
import { invalidError, type Status, StatusError } from '../../../api/status.ts';
import { validateObjectMeta } from '../../../api/validation/object-meta.ts';
import type { ClusterReader, ClusterWriter, Strategy, StrategyContext, StrategyDeps } from '../../registry/strategy.ts';
import { autoscalingStrategies } from '../autoscaling/strategies.ts';
import { batchStrategies } from '../batch/strategies.ts';
import { replicationControllerStrategy } from '../core/replication-controllers.ts';
import { serviceStrategy } from '../core/services.ts';
import { policyStrategies } from '../policy/strategies.ts';
import { appsStrategies } from './strategies.ts';

const root = join(import.meta.dirname, '../../..');
const schema = JSON.parse(readFileSync(join(root, 'api/generated/schema.json'), 'utf8')) as SchemaDocument;
const decoder = createDecoder(schema);
const strategies: readonly Strategy[] = [
  ...appsStrategies,
  ...batchStrategies,
  ...autoscalingStrategies,
  ...policyStrategies,
  replicationControllerStrategy,
  serviceStrategy,
];

interface Step {
  readonly id: string;
  readonly method?: string;
  readonly path?: string;
  readonly body?: KubeObject;
}
interface Recorded {
  readonly id: string;
  readonly status: number;
  readonly warnings: readonly string[];
  readonly body: KubeObject & Status & { spec?: unknown };
}

const context: StrategyContext = {
  now: 0,
  user: { username: 'tester', groups: [] },
  namespace: 'ns',
  uuid: () => 'some-uid',
};

/** Remembers what was reserved, as the store would. */
function cluster(): StrategyDeps {
  const objects = new Map<string, KubeObject>();
  const key = (resource: string, namespace: string, name = ''): string => `${resource}/${namespace}/${name}`;
  const reader: ClusterReader = {
    get: <T extends KubeObject>(...at: [string, string, string]) => objects.get(key(...at)) as T | undefined,
    list: () => [],
  };
  const writer: ClusterWriter = {
    async create(resource, namespace, object) {
      const at = key(resource, namespace, object.metadata?.name);
      if (objects.has(at)) throw new StatusError('AlreadyExists', 'exists');
      objects.set(at, object);
      return object;
    },
    async update(_resource, _namespace, object) {
      return object;
    },
    async delete(resource, namespace, name) {
      objects.delete(key(resource, namespace, name));
    },
  };
  return {
    reader,
    writer,
    random: { next: () => 0.5 },
    serviceClusterIPRange: '10.96.0.0/16',
    serviceNodePortRange: { first: 30_000, last: 32_767 },
  };
}

function typeOf(kind: string, apiVersion: string): string {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const found = Object.entries(schema.types).find(([, { gvk = [] }]) =>
    gvk.some(([g, v, k]) => g === group && v === version && k === kind),
  );
  return found?.[0] ?? '';
}

async function create(
  strategy: Strategy,
  body: KubeObject,
  type: string,
  deps: StrategyDeps,
  dryRun: boolean,
): Promise<KubeObject> {
  const object = decoder.decode(type, structuredClone(body)).object as KubeObject;
  strategy.applyDefaults?.(object);
  object.metadata = { ...object.metadata, namespace: 'ns', uid: 'some-uid' };
  const transaction = await strategy.beginCreate?.(object, deps, dryRun);
  strategy.prepareForCreate?.(object, context);
  const rules = { namespaced: true, validateName: strategy.validateName ?? nameIsDNSSubdomain };
  const errors = [
    ...validateObjectMeta(object.metadata, rules, FieldPath.of('metadata')),
    ...(strategy.validateCreate?.(object, context) ?? []),
  ];
  if (errors.length === 0) {
    if (!dryRun) await transaction?.commit?.();
    return object;
  }
  await transaction?.revert?.();
  const [, kind = ''] = /\.(\w+)$/.exec(type) ?? [];
  const group = /^.*\//.exec(apiVersionOfType(type))?.[0].slice(0, -1) ?? '';
  throw invalidError({ group, kind }, object.metadata.name ?? '', errors);
}

function apiVersionOfType(type: string): string {
  const [gvk] = schema.types[type]?.gvk ?? [];
  return gvk === undefined || gvk[0] === '' ? 'v1' : `${gvk[0]}/${gvk[1]}`;
}

const ignored = new Set(['clusterIP', 'clusterIPs', 'nodePort', 'healthCheckNodePort']);

/** Values that the server chooses are left out, absent and empty ones too. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([k, v]) => !ignored.has(k) && v !== undefined && v !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, comparable(v)]));
}

const areas: readonly [table: string, strategy: string, kind: string, apiVersion: string][] = [
  ['apps/deployments', 'deployments.apps', 'Deployment', 'apps/v1'],
  ['apps/replicasets', 'replicasets.apps', 'ReplicaSet', 'apps/v1'],
  ['apps/daemonsets', 'daemonsets.apps', 'DaemonSet', 'apps/v1'],
  ['apps/statefulsets', 'statefulsets.apps', 'StatefulSet', 'apps/v1'],
  ['apps/controllerrevisions', 'controllerrevisions.apps', 'ControllerRevision', 'apps/v1'],
  ['batch/jobs', 'jobs.batch', 'Job', 'batch/v1'],
  ['batch/cronjobs', 'cronjobs.batch', 'CronJob', 'batch/v1'],
  [
    'autoscaling/horizontalpodautoscalers',
    'horizontalpodautoscalers.autoscaling',
    'HorizontalPodAutoscaler',
    'autoscaling/v2',
  ],
  ['policy/poddisruptionbudgets', 'poddisruptionbudgets.policy', 'PodDisruptionBudget', 'policy/v1'],
  ['core/replicationcontrollers', 'replicationcontrollers', 'ReplicationController', 'v1'],
  ['core/services', 'services', 'Service', 'v1'],
];

for (const [table, resource, kind, apiVersion] of areas) {
  void test(`${resource} are created, or refused, as a real API server does`, async (t) => {
    const { steps } = parse(readFileSync(join(root, `conformance/tables/${table}.yaml`), 'utf8'), { merge: true }) as {
      steps: Step[];
    };
    const recorded = JSON.parse(
      readFileSync(join(root, `conformance/recorded/${table}.json`), 'utf8').replaceAll('<uid>', 'some-uid'),
    ) as Recorded[];
    const answers = new Map(recorded.map((answer) => [answer.id, answer]));
    const strategy = strategies.find((candidate) => candidate.resource === resource);
    const deps = cluster();
    for (const { id, method = 'POST', path = '', body } of steps) {
      const answer = answers.get(id);
      // Later steps need a store.
      if (method !== 'POST' || answer === undefined || body === undefined || strategy === undefined) break;
      if (answer.status === 400 || body.metadata?.generateName !== undefined) continue;
      const type = typeOf(kind, apiVersion);
      try {
        const object = await create(strategy, body, type, deps, path.includes('dryRun'));
        t.equal(answer.status, 201, id);
        t.strictSame(comparable((object as { spec?: unknown }).spec), comparable(answer.body.spec), id);
        t.strictSame(comparable(object.metadata?.labels), comparable(answer.body.metadata?.labels), id);
        t.strictSame(comparable((object as { status?: unknown }).status), comparable(answer.body.status), id);
        const warnings = strategy.warningsOnCreate?.(object) ?? [];
        t.strictSame(
          warnings,
          answer.warnings.map((text) => text.replace(/^299 - "(.*)"$/, '$1').replaceAll('\\"', '"')),
          id,
        );
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        t.strictSame(error.toStatus().message, answer.body.message, id);
        t.strictSame(error.toStatus().details, answer.body.details, id);
      }
    }
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { semanticEqual } from '../../../api/equal.ts';
import { FieldPath } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { KubeObject } from '../../../api/object.ts';
import { createDecoder } from '../../../api/schema/decode.ts';
import { createNullFiller } from '../../../api/schema/null-filler.ts';
import type { SchemaDocument } from '../../../api/schema/schema.ts';
import { invalidError, type Status, StatusError } from '../../../api/status.ts';
import { validateObjectMeta } from '../../../api/validation/object-meta.ts';
import { createAdmissionChain } from '../../admission/chain.ts';
import type { AdmissionRequest } from '../../admission/plugin.ts';
import { createDefaultTolerationSeconds } from '../../admission/plugins/default-toleration-seconds.ts';
import { createLimitRanger } from '../../admission/plugins/limit-ranger.ts';
import { createPriorityAdmission } from '../../admission/plugins/priority.ts';
import { createRuntimeClassAdmission } from '../../admission/plugins/runtime-class.ts';
import { createServiceAccountAdmission } from '../../admission/plugins/service-account.ts';
import type { ClusterReader, StrategyContext } from '../../registry/strategy.ts';
import { defaultPullPolicy } from './container-image.ts';
import { limitRangeStrategy } from './limit-ranges.ts';
import { assignPod, checkBinding } from './pod-binding.ts';
import { jsonDiff } from './pod-diff.ts';
import { decideEviction, type PodDisruptionBudget } from './pod-eviction.ts';
import { podQOSClass } from './pod-qos.ts';
import type { Pod } from './pod-types.ts';
import { podGracePeriod, podStrategy } from './pods.ts';

interface Step {
  readonly id: string;
  readonly path?: string;
  readonly method?: string;
  readonly body?: Record<string, unknown>;
}
interface Answer {
  readonly id: string;
  readonly status: number;
  readonly warnings: readonly string[];
  readonly body: Status & KubeObject;
}

const root = join(import.meta.dirname, '../../..');
const schema = JSON.parse(readFileSync(join(root, 'api/generated/schema.json'), 'utf8')) as SchemaDocument;
const decoder = createDecoder(schema);
const fillNulls = createNullFiller(schema);
const podType = 'io.k8s.api.core.v1.Pod';
const user = { username: 'u', groups: [] };
const now = Date.parse('2030-01-01T00:00:00Z');
const context: StrategyContext = { now, user, namespace: 'table', uuid: () => 'u' };

function readerOf(objects: Readonly<Record<string, readonly KubeObject[]>>): ClusterReader {
  const list = <T extends KubeObject>(resource: string): readonly T[] => (objects[resource] ?? []) as readonly T[];
  const named = <T extends KubeObject>(resource: string, name: string): T | undefined =>
    list<T>(resource).find(({ metadata }) => metadata?.name === name);
  return { list, get: (resource, _namespace, name) => named(resource, name) };
}

/** What the tables' own setup makes, beside what every cluster has. */
function clusterOf(setup: readonly Step[]): ClusterReader {
  const objects: Record<string, KubeObject[]> = {
    namespaces: [{ metadata: { name: 'table' } }],
    serviceaccounts: [{ metadata: { name: 'default' } }],
    'priorityclasses.scheduling.k8s.io': [
      {
        metadata: { name: 'system-node-critical' },
        value: 2000001000,
        preemptionPolicy: 'PreemptLowerPriority',
      } as KubeObject,
    ],
  };
  for (const { path = '', body = {} } of setup) {
    const [, api = '', group = ''] = path.split('/');
    const resource = `${path.split('/').at(-1)}${api === 'apis' ? `.${group}` : ''}`;
    const object = structuredClone(body) as KubeObject;
    if (resource === 'limitranges') limitRangeStrategy.applyDefaults?.(object);
    objects[resource] = [...(objects[resource] ?? []), object];
  }
  return readerOf(objects);
}

function create(body: Record<string, unknown>, reader: ClusterReader): { pod: Pod; warnings: readonly string[] } {
  const pod = decoder.decode(podType, structuredClone(body)).object as Pod;
  podStrategy.applyDefaults?.(pod);
  const { name, generateName } = pod.metadata ?? {};
  pod.metadata = { ...pod.metadata, namespace: 'table' };
  const chain = createAdmissionChain([
    createServiceAccountAdmission({
      reader,
      random: { next: () => 0 },
      clock: { after: () => ({ cancel: () => undefined }) },
    }),
    createLimitRanger(reader),
    createRuntimeClassAdmission(reader),
    createPriorityAdmission(reader),
    createDefaultTolerationSeconds(),
  ]);
  const request: AdmissionRequest = {
    operation: 'CREATE',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    kind: 'Pod',
    namespace: 'table',
    name: name ?? '',
    object: pod,
    user,
    dryRun: true,
  };
  void chain.mutate(request);
  if (!name && generateName) pod.metadata.name = `${generateName}random`;
  podStrategy.prepareForCreate?.(pod, context);
  const errors = [
    ...validateObjectMeta(
      pod.metadata,
      { namespaced: true, validateName: nameIsDNSSubdomain },
      FieldPath.of('metadata'),
    ),
    ...(podStrategy.validateCreate?.(pod, context) ?? []),
  ];
  if (errors.length > 0) throw invalidError({ group: '', kind: 'Pod' }, pod.metadata.name ?? '', errors);
  void chain.validate(request);
  return { pod, warnings: podStrategy.warningsOnCreate?.(pod) ?? [] };
}

function localised<T>(value: T): T {
  const text = JSON.stringify(value).replaceAll('{ns}', 'table').replaceAll('<time>', '2030-01-01T00:00:00Z');
  return JSON.parse(
    text
      .replaceAll('kube-api-access-<random>', 'kube-api-access-bbbbb')
      .replaceAll('<random>', 'random')
      .replaceAll('{rand}', 'r'),
  ) as T;
}

function withoutSystemFields(object: KubeObject): KubeObject {
  const { uid: _, generation: __, creationTimestamp: ___, labels, ...metadata } = object.metadata ?? {};
  return { ...object, metadata: { ...metadata, ...(labels && { labels }) } };
}

/** The differences between what the strategy makes of a body and what a real server answered. */
function differences(step: Step, answer: Answer, reader: ClusterReader): string[] {
  try {
    const { pod, warnings } = create(localised(step.body ?? {}), reader);
    if (answer.status !== 201) return [`answered ${answer.body.message}, here it passes`];
    fillNulls(podType, pod);
    const expected = withoutSystemFields(answer.body);
    const actual = withoutSystemFields({ kind: 'Pod', apiVersion: 'v1', ...pod });
    const texts = warnings.map((text) => `299 - ${JSON.stringify(text)}`);
    return [
      ...(semanticEqual(expected, actual)
        ? []
        : [`answered ${JSON.stringify(expected)}`, `here     ${JSON.stringify(actual)}`]),
      ...(JSON.stringify(texts) === JSON.stringify(answer.warnings)
        ? []
        : [`warnings ${answer.warnings}`, `here ${texts}`]),
    ];
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const got = error.toStatus();
    const same = got.message === answer.body.message && semanticEqual(got.details, answer.body.details);
    return same ? [] : [`answered ${JSON.stringify(answer.body)}`, `here     ${JSON.stringify(got)}`];
  }
}

for (const name of ['containers', 'resources', 'volumes', 'scheduling', 'spec', 'admission']) {
  t.test(`creates of pods-${name} are answered as a real server does`, async (t) => {
    const table = parse(readFileSync(join(root, `conformance/tables/core/pods-${name}.yaml`), 'utf8')) as {
      readonly base: string;
      readonly setup?: readonly Step[];
      readonly steps: readonly Step[];
    };
    const recorded = JSON.parse(
      readFileSync(join(root, `conformance/recorded/core/pods-${name}.json`), 'utf8'),
    ) as Answer[];
    const reader = clusterOf(localised(table.setup ?? []));
    for (const [i, step] of table.steps.entries()) {
      const answer = recorded[i];
      if (answer === undefined || !`${table.base}${step.path ?? ''}`.endsWith('pods?dryRun=All')) continue;
      t.strictSame(differences(step, localised(answer), reader), [], step.id);
    }
  });
}

t.test('the pull policy of an image follows its tag', async (t) => {
  t.equal(defaultPullPolicy('nginx'), 'Always');
  t.equal(defaultPullPolicy('host:5000/a/b:1'), 'IfNotPresent');
  t.equal(defaultPullPolicy('UPPER/case'), 'Always', 'an upper-case first part is a host');
  t.equal(defaultPullPolicy('host/Upper'), 'IfNotPresent', 'no image name');
});

t.test('the QoS class counts sidecars and init containers', async (t) => {
  const full = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } };
  t.equal(podQOSClass({ containers: [{}] }), 'BestEffort');
  t.equal(podQOSClass({ containers: [{ resources: full }] }), 'Guaranteed');
  t.equal(podQOSClass({ containers: [{ resources: full }], initContainers: [{}] }), 'Burstable');
  t.equal(podQOSClass({ containers: [{}], resources: full }), 'Guaranteed');
});

t.test('a diff shows three lines around each change', async (t) => {
  const before = { a: 1, b: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], z: '<' };
  const diff = jsonDiff(before, { ...before, a: 2, z: null });
  t.equal(
    diff,
    '@@ -1,5 +1,5 @@\n {\n- "a": 1,\n+ "a": 2,\n  "b": [\n   1,\n   2,\n@@ -12,5 +12,5 @@\n   9,\n   10\n  ],\n- "z": "\\u003c"\n+ "z": null\n }\n',
  );
});

t.test('an unassigned or ended pod is deleted at once', async (t) => {
  t.equal(podGracePeriod({ spec: { terminationGracePeriodSeconds: 30 } }, undefined), 0);
  const assigned = { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 } };
  t.equal(podGracePeriod(assigned, undefined), 30);
  t.equal(podGracePeriod(assigned, 5), 5);
  t.equal(podGracePeriod(assigned, -5), 1);
  t.equal(podGracePeriod({ ...assigned, status: { phase: 'Failed' } }, 5), 0);
});

t.test('binding a pod sets its node and the condition, once', async (t) => {
  const pod: Pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u' }, spec: {}, status: { nominatedNodeName: 'x' } };
  const binding = { metadata: { name: 'p', labels: { zone: 'a' } }, target: { name: 'n' } };
  checkBinding(binding, 'p');
  const bound = assignPod(pod, binding, now);
  t.equal(bound.spec?.nodeName, 'n');
  t.strictSame(bound.metadata?.labels, { zone: 'a' });
  t.strictSame(bound.status, {
    conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' }],
  });
  t.throws(() => assignPod(bound, binding, now), {
    message: 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"',
  });
  t.throws(() => checkBinding(binding, 'q'), { message: 'name in URL does not match name in Binding object' });
});

t.test('an eviction takes one disruption from the budget that covers the pod', async (t) => {
  const pod: Pod = {
    metadata: { name: 'p', labels: { app: 'x' } },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const budget: PodDisruptionBudget = {
    metadata: { name: 'b', generation: 1 },
    spec: { selector: { matchLabels: { app: 'x' } } },
    status: { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 },
  };
  const other: PodDisruptionBudget = { metadata: { name: 'o' }, spec: { selector: { matchLabels: { app: 'y' } } } };
  const options = { now, dryRun: false };
  const decision = decideEviction(pod, [other, budget], options);
  t.equal(decision.budget?.status?.disruptionsAllowed, 0);
  t.strictSame(decision.budget?.status?.disruptedPods, { p: '2030-01-01T00:00:00Z' });
  t.equal(decision.budget?.status?.conditions?.[0]?.reason, 'InsufficientPods');
  t.throws(() => decideEviction(pod, [decision.budget ?? {}], options), { code: 429 });
  t.throws(() => decideEviction(pod, [budget, budget], options), { code: 500 });
  t.strictSame(decideEviction(pod, [other], options), { pinsVersion: false });
});

import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { allow, configMap, deny, pluralOf, registration, type WebhookSpec, withWebhooks } from './webhook-fixture.ts';

interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

/** A webhook that is told of everything its one rule names. */
function listener(id: string, rule: Rule, webhook: object = {}): WebhookSpec {
  const all = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], scope: 'Namespaced' };
  return { id, everything: true, answer: (call) => allow(call), webhook: { rules: [{ ...all, ...rule }], ...webhook } };
}

const operation = (request: Record<string, unknown>): string => {
  const { resource } = request['resource'] as { resource: string };
  const subresource = request['subResource'] === undefined ? '' : `/${request['subResource']}`;
  return `${request['operation']} ${resource}${subresource} ${request['name'] ?? '-'}`;
};

const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'registry.example.com/none:1' }] },
    },
  },
});

async function rules(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const maps = `/api/v1/namespaces/${w.ns}/configmaps`;
    const deployments = `/apis/apps/v1/namespaces/${w.ns}/deployments`;
    await w.install('Validating', [
      listener('creates', { operations: ['CREATE'], resources: ['configmaps'] }),
      listener('deletes', { operations: ['DELETE'], resources: ['*'] }),
      listener('core', { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }),
      listener('other-version', { apiGroups: [''], apiVersions: ['v2'], resources: ['configmaps'] }),
      listener('main', { resources: ['deployments'] }),
      listener('scale', { resources: ['deployments/scale'] }),
      listener('subresources', { resources: ['deployments/*'] }),
      listener('any-scale', { resources: ['*/scale'] }),
      listener('cluster', { scope: 'Cluster', resources: ['configmaps'] }),
    ]);
    await c.post(maps, configMap('a'), { has: { 'data.a': 'b' } });
    await c.patch(`${maps}/a`, { data: { a: 'c' } }, { has: { 'data.a': 'c' } });
    await c.delete(`${maps}/a`, { has: { status: 'Success' } });
    await c.post(deployments, deployment('d'), { has: { 'spec.replicas': 0 } });
    await c.patch(`${deployments}/d/scale`, { spec: { replicas: 0 } }, { has: { kind: 'Scale' } });
    // A server that begins with an object that is no longer the newest asks once more.
    const calls = (id: string) => [
      ...new Set(
        w
          .requests(id)
          .map(operation)
          .filter((text) => !text.includes('ready') && !text.includes('/status ')),
      ),
    ];
    const [create, update, remove] = ['CREATE configmaps a', 'UPDATE configmaps a', 'DELETE configmaps a'];
    c.equal(calls('creates'), [create], 'creates');
    c.equal(calls('deletes'), [remove], 'deletions');
    c.equal(calls('core'), [create, update, remove], 'of one group and version');
    c.equal(calls('other-version'), [], 'of a version that is not served');
    c.equal(calls('main'), ['CREATE deployments d'], 'of a resource without its subresources');
    c.equal(calls('scale'), ['UPDATE deployments/scale d'], 'of a subresource');
    c.equal(
      calls('subresources'),
      ['CREATE deployments d', 'UPDATE deployments/scale d'],
      'of a resource and its subresources',
    );
    c.equal(calls('any-scale'), ['UPDATE deployments/scale d'], 'of a subresource of whatever');
    c.equal(calls('cluster'), [], 'namespaced objects, for a rule of cluster scope');
  });
}

function colorOf(object: unknown): string | undefined {
  return (object as { metadata?: { labels?: Record<string, string> } } | null)?.metadata?.labels?.['color'];
}

async function selectors(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const maps = `/api/v1/namespaces/${w.ns}/configmaps`;
    const onMaps: Rule = { resources: ['configmaps'] };
    const byLabel = { objectSelector: { matchExpressions: [{ key: 'color', operator: 'In', values: ['red'] }] } };
    const elsewhere = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': `${w.ns}-other` } } };
    await w.install('Validating', [
      listener('red', onMaps, byLabel),
      listener('elsewhere', onMaps, elsewhere),
      listener('namespaces', { resources: ['namespaces'], scope: 'Cluster', operations: ['UPDATE'] }),
    ]);
    await c.post(maps, configMap('blue', { color: 'blue' }), { has: { 'data.a': 'b' } });
    await c.post(maps, configMap('red', { color: 'red' }), { has: { 'data.a': 'b' } });
    await c.patch(
      `${maps}/red`,
      { metadata: { labels: { color: 'green' } } },
      { has: { 'metadata.labels.color': 'green' } },
    );
    await c.patch(`${maps}/red`, { data: { a: 'c' } }, { has: { 'data.a': 'c' } });
    await c.patch(
      `/api/v1/namespaces/${w.ns}`,
      { metadata: { labels: { z: '1' } } },
      { has: { 'metadata.labels.z': '1' } },
    );
    const reds = w.requests('red');
    // A server that begins with an object that is no longer the newest asks once more.
    c.equal(
      [...new Set(reds.map(operation))],
      ['CREATE configmaps red', 'UPDATE configmaps red'],
      'by labels, of the old object too',
    );
    c.ok(
      reds.every((request) => [request['object'], request['oldObject']].some((object) => colorOf(object) === 'red')),
      'each has the label before or after',
    );
    c.equal(w.requests('elsewhere').map(operation), [], 'of other namespaces');
    c.equal(
      w.requests('namespaces').map(operation),
      [`UPDATE namespaces ${w.ns}`],
      'a namespace is selected by its own labels',
    );
  });
}

async function equivalents(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const rule: Rule = { apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['horizontalpodautoscalers'] };
    await w.install('Validating', [
      listener('exact', rule, { matchPolicy: 'Exact' }),
      listener('equivalent', rule, { matchPolicy: 'Equivalent' }),
    ]);
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
    const utilization = (averageUtilization: number) => [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } },
    ];
    await c.post(
      `/apis/autoscaling/v2/namespaces/${w.ns}/horizontalpodautoscalers`,
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'h' },
        spec: { maxReplicas: 3, scaleTargetRef: target, metrics: utilization(40) },
      },
      { has: { 'spec.maxReplicas': 3 } },
    );
    c.equal(w.requests('exact'), [], 'calls for a version that the rule does not name');
    const [request = {}] = w.requests('equivalent');
    const gvk = (version: string) => ({ group: 'autoscaling', version, kind: 'HorizontalPodAutoscaler' });
    c.equal(request['kind'], gvk('v1'), 'the version asked for');
    c.equal(request['requestKind'], gvk('v2'), 'the version of the request');
    const { apiVersion, spec } = request['object'] as { apiVersion: string; spec: Record<string, unknown> };
    c.equal([apiVersion, spec['targetCPUUtilizationPercentage']], ['autoscaling/v1', 40], 'the object is converted');
  });
}

async function reviews(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const maps = `/api/v1/namespaces/${w.ns}/configmaps`;
    const deployments = `/apis/apps/v1/namespaces/${w.ns}/deployments`;
    await w.install('Mutating', [listener('before', { resources: ['configmaps', 'deployments/scale', 'pods/exec'] })]);
    await w.install('Validating', [listener('after', { resources: ['configmaps', 'deployments/scale', 'pods/exec'] })]);
    const last = (id: string): Record<string, unknown> => w.requests(id).at(-1) ?? {};
    const options = (kind: string, more: object = {}) => ({ kind, apiVersion: 'meta.k8s.io/v1', ...more });

    await c.post(`${maps}?fieldManager=me&fieldValidation=Strict`, configMap('a', { l: 'v' }), {
      has: { 'data.a': 'b' },
    });
    const { object } = last('before') as { object: { metadata: Record<string, unknown> } };
    c.equal(object.metadata['uid'], undefined, 'uid before the object is prepared');
    c.ok(
      /^[-0-9a-f]{36}$/.test(String((last('after') as { object: typeof object }).object.metadata['uid'])),
      'uid after',
    );
    c.equal(last('after')['oldObject'], null, 'the old object of a create');
    c.equal(
      last('after')['options'],
      options('CreateOptions', { fieldManager: 'me', fieldValidation: 'Strict' }),
      'options',
    );
    c.equal(
      (last('after')['userInfo'] as { groups: string[] }).groups.includes('system:authenticated'),
      true,
      'groups of the user',
    );
    c.equal([last('after')['namespace'], last('after')['dryRun']], [w.ns, false], 'namespace and dryRun');

    await c.post(maps, { ...configMap(''), metadata: { generateName: 'gen-' } }, { has: { 'data.a': 'b' } });
    c.equal(last('before')['name'], undefined, 'a name that is still to be generated');
    c.ok(/^gen-.{5}$/.test(String(last('after')['name'])), 'a generated name');

    await c.patch(`${maps}/a?dryRun=All`, { data: { a: 'c' } }, { has: { 'data.a': 'c' } });
    const changed = last('after') as { object: { data: object }; oldObject: { data: object; kind: string } };
    c.equal(
      [changed.object.data, changed.oldObject.data, changed.oldObject.kind],
      [{ a: 'c' }, { a: 'b' }, 'ConfigMap'],
      'objects of a patch',
    );
    c.equal(last('after')['options'], options('UpdateOptions', { dryRun: ['All'] }), 'options of a patch');
    c.equal([last('after')['operation'], last('after')['dryRun']], ['UPDATE', true], 'operation and dryRun of a patch');

    await c.patch(
      `${maps}/b?fieldManager=me`,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
      {
        type: 'application/apply-patch+yaml',
        status: 201,
        has: { 'metadata.name': 'b' },
      },
    );
    c.equal(
      [last('after')['operation'], last('after')['options']],
      ['CREATE', options('CreateOptions', { fieldManager: 'me' })],
      'an apply that creates',
    );

    await c.delete(`${maps}/b?propagationPolicy=Background`, { has: { status: 'Success' } });
    c.equal(
      [last('after')['object'], (last('after')['oldObject'] as { metadata: { name: string } }).metadata.name],
      [null, 'b'],
      'objects of a delete',
    );
    c.equal(
      last('after')['options'],
      options('DeleteOptions', { propagationPolicy: 'Background' }),
      'options of a delete',
    );

    const before = w.requests('after').length;
    await c.delete(`${maps}?labelSelector=l=v`, { has: { kind: 'ConfigMapList' } });
    c.equal(w.requests('after').slice(before).map(operation), ['DELETE configmaps -'], 'deletions of a collection');

    await c.post(deployments, deployment('d'), { has: { 'spec.replicas': 0 } });
    await c.patch(`${deployments}/d/scale`, { spec: { replicas: 1 } }, { has: { 'spec.replicas': 1 } });
    for (const id of ['before', 'after']) {
      const {
        kind,
        oldObject,
        object: scale,
      } = last(id) as Record<string, { kind?: string; spec?: object; version?: string }>;
      c.equal(kind, { group: 'autoscaling', version: 'v1', kind: 'Scale' }, `${id}: kind of a subresource`);
      c.equal(
        [scale?.kind, scale?.spec, oldObject?.spec],
        ['Scale', { replicas: 1 }, {}],
        `${id}: objects of a subresource`,
      );
    }

    await c.call('POST', `/api/v1/namespaces/${w.ns}/pods/none/exec?command=ls&command=-l&stdout=true&container=c`, {
      status: 404,
      has: { reason: 'NotFound' },
    });
    const exec = { kind: 'PodExecOptions', apiVersion: 'v1', stdout: true, container: 'c', command: ['ls', '-l'] };
    c.equal(
      [last('after')['operation'], last('after')['object'], last('after')['options']],
      ['CONNECT', exec, null],
      'a connection',
    );
  });
}

async function connections(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const spec = listener('guard', { operations: ['CONNECT'], resources: ['pods/exec'] });
    await w.install('Validating', [{ ...spec, answer: (call) => deny(call, { message: 'not here', code: 403 }) }]);
    await c.call('POST', `/api/v1/namespaces/${w.ns}/pods/none/exec?command=ls`, {
      status: 403,
      has: { message: 'admission webhook "guard.example.com" denied the request: not here' },
    });
    await c.call('POST', `/api/v1/namespaces/${w.ns}/pods/none/exec?command=ls&dryRun=All`, {
      status: 400,
      has: { message: 'dryRun is not supported' },
    });
  });
}

async function conditions(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const maps = `/api/v1/namespaces/${w.ns}/configmaps`;
    const condition = (...expressions: string[]) => ({
      matchConditions: expressions.map((expression, i) => ({ name: `c${i}`, expression })),
    });
    const onMaps: Rule = { operations: ['CREATE'], resources: ['configmaps'] };
    await w.install('Validating', [
      listener('by-name', onMaps, condition("object.metadata.name.startsWith('in-')")),
      listener('both', onMaps, condition("request.operation == 'CREATE'", "object.data.a == 'c'")),
      listener('by-user', onMaps, condition("!('system:authenticated' in request.userInfo.groups)")),
      listener('soft', onMaps, { ...condition("object.data.missing == 'x'"), failurePolicy: 'Ignore' }),
    ]);
    await c.post(maps, configMap('in-a'), { has: { 'data.a': 'b' } });
    await c.post(maps, configMap('out-a', {}, { a: 'c' }), { has: { 'data.a': 'c' } });
    const names = (id: string) => w.requests(id).map(operation);
    c.equal(names('by-name'), ['CREATE configmaps in-a'], 'a condition on the object');
    c.equal(names('both'), ['CREATE configmaps out-a'], 'two conditions');
    c.equal(names('by-user'), [], 'a condition on the user');
    c.equal(names('soft'), [], 'a condition that fails, ignored');
    await w.install('Validating', [
      listener('hard', onMaps, {
        ...condition("object.data.missing == 'x'"),
        objectSelector: { matchLabels: { check: 'hard' } },
      }),
    ]);
    await c.post(maps, configMap('hard', { check: 'hard' }), {
      status: 403,
      has: {
        reason: 'Forbidden',
        message:
          /^configmaps "hard" is forbidden: expression 'object.data.missing == 'x'' resulted in error: no such key: missing/,
      },
    });
  });
}

async function exemptions(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const everything = {
      operations: ['*'],
      apiGroups: ['admissionregistration.k8s.io'],
      apiVersions: ['*'],
      resources: ['*'],
      scope: '*',
    };
    const name = await w.install('Validating', [
      { id: 'tyrant', everything: true, answer: (call) => deny(call), webhook: { rules: [everything] } },
    ]);
    const path = `${registration}/${pluralOf('Validating')}/${name}`;
    await c.patch(path, { metadata: { labels: { a: 'b' } } }, { has: { 'metadata.labels.a': 'b' }, unstable: true });
    await c.delete(path, { has: { status: 'Success' }, unstable: true });
    c.equal(w.requests('tyrant'), [], 'requests about configurations');
  });
}

async function removal(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const maps = `/api/v1/namespaces/${w.ns}/configmaps?dryRun=All`;
    const name = await w.install('Validating', [{ id: 'guard', answer: (call) => deny(call) }]);
    await c.post(maps, configMap('x', { check: 'guard' }), { status: 400, has: { code: 400 } });
    const path = `${registration}/${pluralOf('Validating')}/${name}`;
    const onlyUpdates = [
      { operations: ['UPDATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], scope: '*' },
    ];
    await c.patch(path, [{ op: 'replace', path: '/webhooks/1/rules', value: onlyUpdates }], {
      type: 'application/json-patch+json',
      has: { 'webhooks[1].rules[0].operations': ['UPDATE'] },
      unstable: true,
    });
    const accepted = async (): Promise<boolean> =>
      (await c.post(maps, configMap('x', { check: 'guard' }), { status: [201, 400], unstable: true })).status === 201;
    await c.eventually('the changed rules count', accepted);
    await c.patch(path, [{ op: 'replace', path: '/webhooks/1/rules/0/operations', value: ['CREATE'] }], {
      type: 'application/json-patch+json',
      unstable: true,
    });
    await c.eventually('the rules count again', async () => !(await accepted()));
    await c.delete(path, { has: { status: 'Success' }, unstable: true });
    await c.eventually('the configuration is gone', accepted);
  });
}

const webhooks: Pick<Case, 'needs' | 'proves'> = { needs: ['loopback'], proves: 'AdmissionWebhook' };

export const webhookMatchCases: readonly Case[] = [
  { id: 'admission/webhooks/rules name operations, groups, versions and resources', run: rules, ...webhooks },
  { id: 'admission/webhooks/selectors choose namespaces and objects', run: selectors, ...webhooks },
  { id: 'admission/webhooks/equivalent versions are converted', run: equivalents, ...webhooks },
  { id: 'admission/webhooks/reviews tell the whole request', run: reviews, ...webhooks },
  { id: 'admission/webhooks/connections may be refused', run: connections, ...webhooks },
  { id: 'admission/webhooks/conditions are evaluated', run: conditions, ...webhooks },
  { id: 'admission/webhooks/configurations themselves are exempt', run: exemptions, ...webhooks },
  { id: 'admission/webhooks/configurations change and go', run: removal, ...webhooks },
];

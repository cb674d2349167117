import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { KubeObject } from '../../api/object.ts';
import type { ClusterRole } from '../resources/rbac/roles.ts';
import { type BootstrapOptions, bootstrapObjects } from './bootstrap-objects.ts';
import { kubernetesServiceIP } from './kubernetes-service.ts';
import { reconcileRbac, uncoveredRules } from './reconcile-rbac.ts';

interface Answer {
  readonly id: string;
  readonly body: KubeObject & { readonly items?: readonly KubeObject[] };
}

const recordedFile = join(import.meta.dirname, '../../conformance/recorded/bootstrap/objects.json');
const recorded = JSON.parse(readFileSync(recordedFile, 'utf8')) as Answer[];

function options(change: Partial<BootstrapOptions> = {}): BootstrapOptions {
  const services = recorded.find(({ id }) => id === 'API services')?.body.items ?? [];
  const groupVersions = services.map((service) => {
    const [version = '', ...group] = (service.metadata?.name ?? '').split('.');
    return { group: group.join('.'), version };
  });
  const extensionAuthentication = { 'client-ca-file': '<ignored>' };
  return {
    now: 0,
    serviceClusterIPRange: '10.96.0.0/16',
    securePort: 443,
    groupVersions,
    extensionAuthentication,
    ...change,
  };
}

/** Objects as they are compared: without what the server gives each, times, and the port of this server. */
function bare(object: KubeObject): unknown {
  const { uid: _uid, resourceVersion: _rv, creationTimestamp: _time, ...metadata } = object.metadata ?? {};
  const { apiVersion: _version, kind: _kind, ...rest } = object;
  const text = JSON.stringify({ ...rest, metadata }, (key, value: unknown) =>
    value === null || ['lastTransitionTime', 'targetPort', 'since'].includes(key) ? undefined : value,
  );
  return JSON.parse(text);
}

function nameOf(object: KubeObject): string {
  return `${object.metadata?.namespace ?? ''}/${object.metadata?.name}`;
}

t.test('what a cluster starts with is what kube-apiserver starts with', async (t) => {
  const ours = new Map(bootstrapObjects(options()).map(({ object }) => [`${object.kind} ${nameOf(object)}`, object]));
  for (const { body } of recorded) {
    const kind = (body.kind ?? '').replace(/List$/, '');
    for (const object of body.items ?? [body]) {
      const found = ours.get(`${kind} ${nameOf(object)}`);
      t.same(bare(found ?? {}), bare(object), `${kind} ${nameOf(object)}`);
      ours.delete(`${kind} ${nameOf(object)}`);
    }
  }
  t.same([...ours.keys()], [], 'nothing beyond that');
});

t.test('the kubernetes Service has endpoints when there is an address to advertise', async (t) => {
  const kinds = bootstrapObjects(options({ advertiseAddress: '192.0.2.1' })).map(({ object }) => object.kind);
  t.ok(kinds.includes('Endpoints') && kinds.includes('EndpointSlice'));
  t.equal(kubernetesServiceIP('fd00:10::/108'), 'fd00:10::1');
});

const wanted: ClusterRole = {
  metadata: { name: 'r', labels: { a: 'b' } },
  rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] }],
};

t.test('a default role gets back what it lacks and keeps what it has beyond', async (t) => {
  const existing: ClusterRole = {
    metadata: { name: 'r', labels: { own: 'x' } },
    rules: [{ verbs: ['*'], apiGroups: [''], resources: ['pods'] }],
  };
  const result = reconcileRbac(existing, wanted);
  t.match(result, {
    action: 'update',
    object: {
      metadata: { labels: { own: 'x', a: 'b' } },
      rules: [
        { verbs: ['*'], apiGroups: [''], resources: ['pods'] },
        { verbs: ['get'], apiGroups: [''], resources: ['pods/log'] },
        { verbs: ['list'], apiGroups: [''], resources: ['pods/log'] },
      ],
    },
  });
  t.same(reconcileRbac(wanted, wanted), { action: 'keep' });
});

t.test('a default role marked against updates is left alone', async (t) => {
  const existing = { metadata: { name: 'r', annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } } };
  t.same(reconcileRbac(existing, wanted), { action: 'keep' });
});

t.test('a default binding to another role is made anew', async (t) => {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' };
  const binding = { metadata: { name: 'b' }, roleRef, subjects: [{ kind: 'User', name: 'u' }] };
  const other = { ...binding, roleRef: { ...roleRef, name: 'other' } };
  t.same(reconcileRbac(other, binding), {
    action: 'recreate',
    object: binding,
  });
  const owned = { ...binding, subjects: [{ kind: 'User', name: 'v' }] };
  const grown = reconcileRbac(owned, binding);
  t.match(grown, { action: 'update', object: { subjects: [{ name: 'v' }, { name: 'u' }] } });
});

t.test('rules cover by wildcards, subresource patterns, names and URL prefixes', async (t) => {
  const one = (rule: object): object => ({ verbs: ['get'], apiGroups: ['g'], ...rule });
  t.same(uncoveredRules([one({ resources: ['*/scale'] })], [one({ resources: ['a/scale'] })]), []);
  t.equal(uncoveredRules([one({ resources: ['*/scale'] })], [one({ resources: ['a'] })]).length, 1);
  t.equal(uncoveredRules([one({ resources: ['a'], resourceNames: ['n'] })], [one({ resources: ['a'] })]).length, 1);
  t.same(uncoveredRules([one({ resources: ['a'] })], [one({ resources: ['a'], resourceNames: ['n'] })]), []);
  t.same(
    uncoveredRules([{ verbs: ['*'], nonResourceURLs: ['/a/*'] }], [{ verbs: ['get'], nonResourceURLs: ['/a/b'] }]),
    [],
  );
});

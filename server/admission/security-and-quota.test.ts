import { test } from 'tap';
import type { KubeObject } from '../../api/object.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { createAdmissionChain } from './chain.ts';
import { type AdmissionDeps, createAdmissionPlugins } from './default-plugins.ts';
import { admit, depsOf, nothing, requestOf } from './plugin-fixtures.ts';
import type { Quota } from './resource-quota/charge.ts';

test('pods are held to the level of their namespace', async (t) => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'baseline', 'pod-security.kubernetes.io/warn': 'restricted' };
  const deps = depsOf({ namespaces: [{ metadata: { name: 'ns', labels } }] });
  const warnings: string[] = [];
  const pod = (spec: object) =>
    requestOf({
      resource: 'pods',
      namespace: 'ns',
      object: { metadata: { name: 'p' }, spec } as KubeObject,
      warn: (text) => void warnings.push(text),
    });
  t.equal(
    await admit(
      'PodSecurity',
      deps,
      pod({ hostPID: true, containers: [{ name: 'c', securityContext: { privileged: true } }] }),
    ),
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true), privileged (container "c" must not set securityContext.privileged=true)',
  );
  t.same(warnings, []);
  const securityContext = { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  t.equal(await admit('PodSecurity', deps, pod({ containers: [{ name: 'c', securityContext }] })), undefined);
  t.same(warnings, [
    'would violate PodSecurity "restricted:latest": seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ]);
});

test('requests that come at once share one write of a quota, and the last ones find it full', async (t) => {
  let stored: Quota = {
    metadata: { name: 'q', namespace: 'ns' },
    status: { hard: { pods: '3' }, used: { pods: '0' } },
  };
  let writes = 0;
  const rewrite: AdmissionDeps['rewriter']['rewrite'] = async (_resource, _namespace, _name, change) => {
    await Promise.resolve();
    writes++;
    const changed = change(stored as never);
    stored = changed as Quota;
    return changed;
  };
  const reader: ClusterReader = {
    get: () => undefined,
    list: (resource) => (resource === 'resourcequotas' ? [stored as never] : []),
  };
  const deps = depsOf({}, { reader, rewriter: { rewrite } });
  const chain = createAdmissionChain(
    createAdmissionPlugins(deps, nothing).filter(({ name }) => name === 'ResourceQuota'),
  );
  const create = async (name: string): Promise<string> => {
    try {
      await chain.validate(
        requestOf({
          resource: 'pods',
          namespace: 'ns',
          object: { metadata: { name }, spec: { containers: [] } } as KubeObject,
        }),
      );
      return 'created';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(create));
  const full = (name: string) =>
    `pods "${name}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3`;
  t.same(answers, ['created', 'created', 'created', full('d'), full('e')]);
  t.same(stored.status?.used, { pods: '3' });
  t.ok(writes <= 2, `${writes} writes`);
});

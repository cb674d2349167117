import t from 'tap';
import {
  claimFromTemplate,
  claimKeysOf,
  claimNameOf,
  isPodDone,
  needsWork,
  ownershipError,
  owningPod,
  type Pod,
  type ResourceClaim,
} from './claims-of-pods.ts';

function pod(status: object = {}, spec: object = {}, metadata: object = {}): Pod {
  return {
    metadata: { name: 'p', namespace: 'n', uid: 'u', ...metadata },
    spec: {
      resourceClaims: [
        { name: 'own', resourceClaimName: 'mine' },
        { name: 'gpu', resourceClaimTemplateName: 't' },
      ],
      ...spec,
    },
    status,
  } as Pod;
}

const statuses = (resourceClaimName?: string) => ({
  resourceClaimStatuses: [{ name: 'gpu', ...(resourceClaimName === undefined ? {} : { resourceClaimName }) }],
});

function claim(name: string, uid = 'u', status: object = {}): ResourceClaim {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid, controller: true };
  return { metadata: { name, namespace: 'n', ownerReferences: [owner] }, status } as ResourceClaim;
}

t.test('the names of a pods claims', async (t) => {
  const [own = {}, gpu = {}] = pod().spec?.resourceClaims ?? [];
  t.equal(claimNameOf(pod(), own as never), 'mine');
  t.equal(claimNameOf(pod(), gpu as never), undefined, 'to be made');
  t.equal(claimNameOf(pod(statuses()), gpu as never), '', 'none is needed');
  t.equal(claimNameOf(pod(statuses('p-gpu-x')), gpu as never), 'p-gpu-x');
  const extended = { ...statuses('p-gpu-x'), extendedResourceClaimStatus: { resourceClaimName: 'e' } };
  t.strictSame(claimKeysOf(pod(extended)), ['n/mine', 'n/p-gpu-x', 'n/e']);
});

t.test('when somebody has to look at a pod', async (t) => {
  const allocated = { allocation: {} };
  const reserved = { ...allocated, reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] };
  const known = (mine: object, generated?: ResourceClaim) => (key: string) =>
    key === 'n/mine' ? claim('mine', 'other', mine) : generated;
  const bound = { nodeName: 'node' };
  const rows: [what: string, pod: Pod, claimOf: ReturnType<typeof known>, expected: boolean][] = [
    ['a claim is to be made', pod(), known({}), true],
    ['it has gone', pod(statuses('x')), known({}), true],
    ['it is there', pod(statuses('x')), known({}, claim('x')), false],
    ['none is needed', pod(statuses()), known({}), false],
    ['the pod is being deleted', pod({}, {}, { deletionTimestamp: 'x' }), known({}), false],
    ['not on a node', pod(statuses('x')), known(allocated, claim('x', 'u', allocated)), false],
    ['on a node without a reservation', pod(statuses('x'), bound), known(allocated, claim('x')), true],
    ['on a node with both', pod(statuses('x'), bound), known(reserved, claim('x', 'u', reserved)), false],
    ['of another pod', pod(statuses('x'), bound), known(reserved, claim('x', 'other', allocated)), false],
  ];
  for (const [what, looked, claimOf, expected] of rows) t.equal(needsWork(looked, claimOf), expected, what);
});

t.test('a claim from a template has its labels, its owner and a name that fits', async (t) => {
  const template = { spec: { metadata: { labels: { a: 'b' }, annotations: { x: 'y' } }, spec: { devices: {} } } };
  const made = claimFromTemplate(pod(), { name: 'gpu' } as never, template as never);
  t.match(made, {
    metadata: {
      generateName: 'p-gpu-',
      labels: { a: 'b' },
      annotations: { x: 'y', 'resource.kubernetes.io/pod-claim-name': 'gpu' },
    },
    spec: { devices: {} },
  });
  t.strictSame(owningPod(made), { name: 'p', uid: 'u' });
  t.equal(ownershipError(made, pod()), undefined);
  t.equal(
    ownershipError(claim('x', 'other'), pod()),
    'ResourceClaim n/x was not created for Pod n/p (Pod is not owner)',
  );
  const long = pod({}, {}, { name: 'q'.repeat(60) });
  const { generateName = '' } = claimFromTemplate(long, { name: 'gpu' } as never, template as never).metadata ?? {};
  t.equal(generateName, `${'q'.repeat(52)}-gp`);
});

t.test('a pod is done when it has ended or never began', async (t) => {
  t.ok(isPodDone(pod({ phase: 'Succeeded' })));
  t.ok(isPodDone(pod({}, {}, { deletionTimestamp: 'x' })));
  t.notOk(isPodDone(pod({}, { nodeName: 'a' }, { deletionTimestamp: 'x' })));
  t.notOk(isPodDone(pod()));
});

import t from 'tap';
import { NodeAdmission, type Rejection } from './admission.ts';
import { inResizeOrder } from './pod-resize.ts';
import type { Pod } from './pod-runtime.ts';

const node = {
  metadata: { name: 'n', labels: { zone: 'a' } },
  status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3' } },
};

/** What becomes of `wanted` on a node that has `other`. */
function beside(other: Pod, wanted: Pod): Rejection | undefined {
  const admission = new NodeAdmission();
  admission.setNode(node);
  admission.admit({ ...other, metadata: { uid: 'other', name: 'other' } });
  return admission.admit({ ...wanted, metadata: { uid: 'wanted', name: 'wanted' } });
}

/** `80`, `80/UDP`, `1.2.3.4:80`: host ports of one container, or of a sidecar. */
function withPorts(words: string, isSidecar = false): Pod {
  const ports = words.split(' ').map((word) => {
    const [, hostIP, port, protocol] = /^(?:(.*):)?(\d+)(?:\/(\w+))?$/.exec(word) ?? [];
    return {
      containerPort: 1,
      hostPort: Number(port),
      ...(hostIP === undefined ? {} : { hostIP }),
      ...(protocol === undefined ? {} : { protocol }),
    };
  });
  const container = { name: 'c', ports };
  return {
    spec: isSidecar
      ? { initContainers: [{ ...container, restartPolicy: 'Always' }], containers: [] }
      : { containers: [container] },
  };
}

t.test('a pod that wants a port of the node that another has is rejected', async (t) => {
  const taken = {
    reason: 'NodePorts',
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
  const rows: readonly (readonly [wanted: string, other: string, isTaken: boolean])[] = [
    ['80', '80', true],
    ['80', '81', false],
    ['80', '80/UDP', false],
    ['1.2.3.4:80', '80', true],
    ['1.2.3.4:80', '1.2.3.5:80', false],
    ['81 80', '79 80', true],
  ];
  for (const [wanted, other, isTaken] of rows) {
    for (const isSidecar of [false, true]) {
      const what = `${wanted} beside ${other}${isSidecar ? ' of a sidecar' : ''}`;
      t.strictSame(beside(withPorts(other, isSidecar), withPorts(wanted)), isTaken ? taken : undefined, what);
    }
  }
});

function asking(cpu: string, more: Pod['spec'] = {}): Pod {
  return { spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }], ...more } };
}

t.test('a pod that asks for more than is left, or for another node, is rejected', async (t) => {
  t.strictSame(beside(asking('1500m'), asking('500m')), undefined);
  t.strictSame(beside(asking('1500m'), asking('501m')), {
    reason: 'OutOfcpu',
    message: "Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000",
  });
  t.strictSame(beside(asking('1m'), asking('1m', { nodeSelector: { zone: 'b' } })), {
    reason: 'NodeAffinity',
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  });
  const full = new NodeAdmission();
  full.setNode(node);
  const admit = (uid: string, isKnown = false): Rejection | undefined =>
    full.admit({ metadata: { uid, name: uid }, spec: { containers: [] } }, isKnown);
  for (const uid of ['1', '2', '3']) t.equal(admit(uid), undefined);
  t.match(admit('4'), { reason: 'OutOfpods' });
  t.equal(admit('5', true), undefined, 'what ran before stays');
  for (const uid of ['2', '5']) full.remove(uid);
  t.equal(admit('4'), undefined, 'when some have gone there is room');
});

t.test('a pod is turned away for its system, for taints, and for what the node has too little of', async (t) => {
  const tainted = {
    ...node,
    spec: { taints: [{ key: 'k', effect: 'NoExecute' }] },
    status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3', 'example.com/a': '1', 'hugepages-2Mi': '0' } },
  };
  const rows: readonly (readonly [Pod, string | undefined])[] = [
    [{ spec: { os: { name: 'windows' }, containers: [] } }, 'PodOSNotSupported'],
    [
      { metadata: { labels: { 'kubernetes.io/os': 'windows' } }, spec: { containers: [] } },
      'PodOSSelectorNodeLabelDoesNotMatch',
    ],
    [{ spec: { containers: [] } }, 'TaintToleration'],
    [{ spec: { containers: [], tolerations: [{ operator: 'Exists' }] } }, undefined],
    [
      { spec: { containers: [{ resources: { requests: { 'example.com/a': '2' } } }] } },
      'InsufficientResource-example.com/a',
    ],
    [
      { spec: { containers: [{ resources: { requests: { 'hugepages-2Mi': '2Mi' } } }] } },
      'InsufficientResource-hugepages-2Mi',
    ],
    [
      {
        spec: {
          containers: [{ resources: { requests: { 'example.com/unknown': '2' } } }],
          tolerations: [{ operator: 'Exists' }],
        },
      },
      undefined,
    ],
    [{ spec: { containers: [{ resources: { requests: { cpu: '3' } } }] } }, 'OutOfcpu'],
  ];
  for (const [pod, reason] of rows) {
    const admission = new NodeAdmission();
    admission.setNode(tainted);
    t.equal(admission.admit(pod)?.reason, reason, JSON.stringify(pod));
  }
});

t.test('for a critical pod others are sent away, as few as possible and the least promised first', async (t) => {
  const admission = new NodeAdmission();
  admission.setNode(node);
  const pod = (uid: string, cpu: string, qosClass: string, priority = 0): Pod => ({
    metadata: { uid, name: uid },
    spec: { priority, containers: [{ resources: { requests: { cpu } } }] },
    status: { qosClass },
  });
  admission.admit(pod('small', '400m', 'Burstable'));
  admission.admit(pod('large', '600m', 'Burstable'));
  admission.admit(pod('sure', '1', 'Guaranteed'));
  const critical = 2_000_000_000;
  t.strictSame(admission.victims(pod('x', '500m', 'Guaranteed', critical)), undefined, 'there is no room for a fourth');
  admission.remove('small');
  t.strictSame(admission.victims(pod('x', '500m', 'Guaranteed', critical)), ['large']);
  t.strictSame(admission.victims(pod('x', '1500m', 'Guaranteed', critical)), ['large', 'sure']);
  t.equal(admission.victims(pod('x', '3', 'Guaranteed', critical)), undefined, 'it would not be enough');
  t.equal(admission.victims(pod('x', '500m', 'Guaranteed', 5)), undefined, 'it is not critical');
});

t.test('kernel settings of a pod are taken when they harm nobody else', async (t) => {
  const setting = (name: string, spec: Pod['spec'] = {}): Rejection | undefined =>
    new NodeAdmission().admit({
      metadata: { uid: 'a', name: 'a' },
      spec: { containers: [], ...spec, securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced' }, { name }] } },
    });
  for (const name of ['net.ipv4.tcp_syncookies', 'net/ipv4/tcp_rmem']) t.equal(setting(name), undefined, name);
  t.strictSame(setting('kernel/msgmax'), {
    reason: 'SysctlForbidden',
    message: 'forbidden sysctl: "kernel.msgmax" not allowlisted',
  });
  t.match(setting('net/ipv4/conf/eno2.100/rp_filter'), { message: /"net\.ipv4\.conf\.eno2\/100\.rp_filter"/ });
  t.match(setting('net.ipv4.tcp_rmem', { hostNetwork: true }), {
    message: 'forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host Net enabled',
  });
});

t.test('a pod that asks for more is looked at as a new one, beside all others', async (t) => {
  const admission = new NodeAdmission();
  admission.setNode({ ...node, metadata: { ...node.metadata, labels: { zone: 'a' } } });
  const pod = (uid: string, cpu: string, spec: Pod['spec'] = { containers: [] }): Pod => ({
    metadata: { uid, name: uid },
    spec: { ...spec, containers: [{ resources: { requests: { cpu } } }] },
    status: { qosClass: 'Burstable' },
  });
  admission.admit(pod('one', '1500m'));
  admission.admit(pod('other', '400m', { containers: [], nodeSelector: { zone: 'a' } }));
  const lack = { reason: 'OutOfcpu' };
  const message = "Node didn't have enough resource: cpu, requested: 700, used: 1500, capacity: 2000";
  t.match(admission.resize(pod('other', '700m')), { ...lack, message });
  t.match(
    admission.resize(pod('other', '3')),
    lack,
    'more than there will ever be waits, too: the API server refuses it before',
  );
  t.equal(admission.resize(pod('other', '500m')), undefined);
  t.match(admission.admit(pod('third', '1m')), lack, 'what was given is taken');
  const resources = { requests: { cpu: '1500m' } };
  const status = {
    qosClass: 'Burstable',
    containerStatuses: [{ name: 'c', resources, allocatedResources: { cpu: '1500m' } }],
  };
  const spec = { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] };
  t.equal(admission.resize({ metadata: { uid: 'one', name: 'one' }, spec, status } as Pod), undefined);
  t.equal(admission.admit(pod('third', '1m')), undefined, 'and what was given back is free');
  t.strictSame(admission.victimsOfResize({ ...pod('third', '1'), spec: critical('1') }), ['other']);
  t.strictSame(admission.victimsOfResize(pod('third', '1')), undefined, 'for critical pods alone');
  admission.setNode({ ...node, metadata: { name: 'n', labels: { zone: 'b' } } });
  t.match(
    admission.resize(pod('other', '100m', { containers: [], nodeSelector: { zone: 'a' } })),
    { reason: 'NodeAffinity' },
    'what it was let in with is true no more',
  );
});

function critical(cpu: string): NonNullable<Pod['spec']> {
  return { priority: 2_000_000_000, containers: [{ resources: { requests: { cpu } } }] };
}

t.test('what is free is given to who matters most, is promised most and has waited longest', async (t) => {
  const waiting = (name: string, resizePendingSince: number | undefined, priority: number, qosClass = 'Burstable') => ({
    pod: { metadata: { name }, spec: { priority, containers: [] }, status: { qosClass } },
    resizePendingSince,
  });
  const pods = [
    waiting('late', 9, 0),
    waiting('early', 3, 0),
    waiting('content', undefined, 7),
    waiting('sure', 8, 0, 'Guaranteed'),
    waiting('high', 9, 5),
  ];
  t.strictSame(
    inResizeOrder(pods).map(({ pod }) => pod.metadata.name),
    ['high', 'sure', 'early', 'late'],
  );
});

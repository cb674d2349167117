import t from 'tap';
import { attachable, attachedVolumes, attachmentName, isExclusive } from './attachments.ts';
import { claimForVolume, claimStatus, volumeForClaim } from './binder-context.ts';
import { defaultStorageClass } from './claim-sync.ts';
import { missingClaims } from './ephemeral.ts';
import { grown, wantsMore } from './expander.ts';
import { bestMatch, mismatchOf } from './matching.ts';
import { hostPathVolume, withMigration } from './provisioning.ts';
import type { Claim, Pod, StorageClass, Volume } from './storage-objects.ts';
import { withDeletionFinalizers } from './volume-sync.ts';

interface VolumeFields {
  readonly size?: string;
  readonly modes?: string[];
  readonly className?: string;
  readonly phase?: string;
  readonly spec?: object;
  readonly metadata?: object;
}

function volume(name: string, fields: VolumeFields = {}): Volume {
  const { size = '1Gi', modes = ['ReadWriteOnce'], className = 'c', phase = 'Available', spec, metadata } = fields;
  return {
    metadata: { name, ...metadata },
    spec: { capacity: { storage: size }, accessModes: modes, storageClassName: className, ...spec },
    status: { phase },
  } as Volume;
}

function claim(size: string, modes = ['ReadWriteOnce'], spec: object = {}): Claim {
  return {
    metadata: { name: 'a', namespace: 'n', uid: 'u' },
    spec: { accessModes: modes, storageClassName: 'c', resources: { requests: { storage: size } }, ...spec },
    status: { phase: 'Pending' },
  } as Claim;
}

const reference = { namespace: 'n', name: 'a' };

t.test('the best volume: fewest modes, then what is set aside, then the smallest that fits', async (t) => {
  const rows: [what: string, claim: Claim, volumes: Volume[], isDelayed: boolean, expected: string | undefined][] = [
    ['smallest', claim('1Gi'), [volume('b', { size: '3Gi' }), volume('a', { size: '2Gi' })], false, 'a'],
    ['too small', claim('2Gi'), [volume('a')], false, undefined],
    ['equal in other words', claim('1024Mi'), [volume('a')], false, 'a'],
    [
      'fewer modes before size',
      claim('1Gi'),
      [volume('a', { modes: ['ReadWriteOnce', 'ReadWriteMany'] }), volume('b', { size: '9Gi' })],
      false,
      'b',
    ],
    ['mode not offered', claim('1Gi', ['ReadWriteMany']), [volume('a')], false, undefined],
    ['other class', claim('1Gi'), [volume('a', { className: 'd' })], false, undefined],
    ['not available', claim('1Gi'), [volume('a', { phase: 'Released' })], false, undefined],
    ['being deleted', claim('1Gi'), [volume('a', { metadata: { deletionTimestamp: 'x' } })], false, undefined],
    ['another volume mode', claim('1Gi'), [volume('a', { spec: { volumeMode: 'Block' } })], false, undefined],
    ['delayed', claim('1Gi'), [volume('a')], true, undefined],
    ['set aside, even delayed', claim('1Gi'), [volume('a', { spec: { claimRef: reference } })], true, 'a'],
    [
      'set aside before smaller ones, whatever its class and phase',
      claim('1Gi'),
      [volume('a'), volume('b', { size: '9Gi', className: 'd', phase: '', spec: { claimRef: reference } })],
      false,
      'b',
    ],
    [
      'of another claim',
      claim('1Gi'),
      [volume('a', { spec: { claimRef: { ...reference, uid: 'x' } } })],
      false,
      undefined,
    ],
    [
      'attributes class',
      claim('1Gi', undefined, { volumeAttributesClassName: 'gold' }),
      [volume('a'), volume('b', { size: '2Gi', spec: { volumeAttributesClassName: 'gold' } })],
      false,
      'b',
    ],
    [
      'selector',
      claim('1Gi', undefined, { selector: { matchLabels: { x: 'y' } } }),
      [volume('a'), volume('b', { size: '2Gi', metadata: { labels: { x: 'y' } } })],
      false,
      'b',
    ],
  ];
  for (const [what, asked, volumes, isDelayed, expected] of rows)
    t.equal(bestMatch(asked, volumes, isDelayed)?.metadata?.name, expected, what);
});

t.test('why a named volume cannot be had', async (t) => {
  const rows: [volume: Volume, claim: Claim, expected: string | undefined][] = [
    [volume('v'), claim('1Gi'), undefined],
    [volume('v', { metadata: { deletionTimestamp: 'x' } }), claim('1Gi'), 'the volume is marked for deletion "v"'],
    [volume('v'), claim('2Gi'), 'requested PV is too small'],
    [volume('v', { className: '' }), claim('1Gi'), 'storageClassName does not match'],
    [
      volume('v', { spec: { volumeAttributesClassName: 'x' } }),
      claim('1Gi'),
      'volumeAttributesClassName does not match',
    ],
    [volume('v', { spec: { volumeMode: 'Block' } }), claim('1Gi'), 'incompatible volumeMode'],
    [volume('v'), claim('1Gi', ['ReadOnlyMany']), 'incompatible accessMode'],
  ];
  for (const [offered, asked, expected] of rows) t.equal(mismatchOf(offered, asked), expected, expected ?? 'fits');
});

t.test('both sides of a binding name each other, and say who chose', async (t) => {
  const bound = volumeForClaim(volume('v'), claim('1Gi'));
  t.match(bound, {
    metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
    spec: { claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: 'n', name: 'a', uid: 'u' } },
  });
  t.equal(volumeForClaim(bound ?? {}, claim('1Gi')), undefined, 'nothing to do the second time');
  const prebound = volumeForClaim(volume('v', { spec: { claimRef: reference } }), claim('1Gi'));
  t.equal(prebound?.metadata?.annotations, undefined, 'the user chose');
  const chosen = claimForVolume(claim('1Gi'), volume('v'));
  t.match(chosen?.metadata?.annotations, {
    'pv.kubernetes.io/bind-completed': 'yes',
    'pv.kubernetes.io/bound-by-controller': 'yes',
  });
  t.equal(claimForVolume(chosen ?? {}, volume('v')), undefined);
  const asked = claimForVolume(claim('1Gi', undefined, { volumeName: 'v' }), volume('v'));
  t.strictSame(asked?.metadata?.annotations, { 'pv.kubernetes.io/bind-completed': 'yes' });
});

t.test('the status of a claim takes its size from the volume once, and loses it without one', async (t) => {
  const large = volume('v', { size: '5Gi', spec: { volumeAttributesClassName: 'gold' } });
  const status = claimStatus(claim('1Gi'), 'Bound', large);
  t.strictSame(status, {
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '5Gi' },
    currentVolumeAttributesClassName: 'gold',
  });
  const later = volume('v', { size: '9Gi' });
  t.strictSame(claimStatus({ status } as Claim, 'Bound', later).capacity, { storage: '5Gi' }, 'resizing owns it now');
  const annotations = { 'volume.alpha.kubernetes.io/pre-resize-capacity': '2Gi' };
  const resizing = volume('v', { size: '5Gi', metadata: { annotations } });
  t.strictSame(claimStatus(claim('1Gi'), 'Bound', resizing).capacity, { storage: '2Gi' });
  t.strictSame(claimStatus({ status } as Claim, 'Lost'), { phase: 'Lost' });
});

t.test('the newest default class counts, and of equally old ones the first by name', async (t) => {
  const made = (name: string, day: number, isDefault = true): StorageClass =>
    ({
      metadata: {
        name,
        creationTimestamp: `2026-01-0${day}T00:00:00Z`,
        annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) },
      },
    }) as StorageClass;
  t.equal(defaultStorageClass([made('a', 1, false)]), undefined);
  t.equal(defaultStorageClass([made('a', 1), made('c', 2), made('b', 2), made('d', 3, false)])?.metadata?.name, 'b');
});

t.test('provisioned here: a directory, kept until it is deleted, on the node that was chosen', async (t) => {
  const metadata = { name: 'fast' };
  const node = { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'h1' } } };
  const own = { metadata, provisioner: 'kubefacade.io/host-path', reclaimPolicy: 'Delete' } as StorageClass;
  const made = hostPathVolume(claim('1Gi'), own, { name: 'pvc-u', path: '/tmp/hostpath_pv/x', node });
  t.match(made, {
    metadata: { name: 'pvc-u', finalizers: ['kubernetes.io/pv-controller'] },
    spec: {
      capacity: { storage: '1Gi' },
      claimRef: { name: 'a', uid: 'u' },
      hostPath: { path: '/tmp/hostpath_pv/x', type: 'DirectoryOrCreate' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ values: ['h1'] }] }] } },
    },
  });
  const retained = { metadata, provisioner: 'kubernetes.io/host-path', reclaimPolicy: 'Retain' } as StorageClass;
  const other = hostPathVolume(claim('1Gi'), retained, { name: 'pvc-u', path: '/tmp/x', node });
  t.strictSame([other.metadata?.finalizers, other.spec?.nodeAffinity], [undefined, undefined]);
});

t.test('annotations and finalizers follow who provisions', async (t) => {
  const of = (provisioner: string, policy: string, finalizers: string[] = [], more: object = {}): Volume =>
    volume('v', {
      metadata: { annotations: { 'pv.kubernetes.io/provisioned-by': provisioner, ...more }, finalizers },
      spec: { persistentVolumeReclaimPolicy: policy },
    });
  t.match(withMigration(of('kubernetes.io/aws-ebs', 'Delete'), 'volume'), {
    metadata: { annotations: { 'pv.kubernetes.io/migrated-to': 'ebs.csi.aws.com' } },
  });
  t.equal(withMigration(of('example.com', 'Delete'), 'volume'), undefined);
  const stale = withMigration(of('example.com', 'Delete', [], { 'pv.kubernetes.io/migrated-to': 'x' }), 'volume');
  t.strictSame(stale?.metadata?.annotations, { 'pv.kubernetes.io/provisioned-by': 'example.com' });
  const own = 'kubernetes.io/pv-controller';
  const external = 'external-provisioner.volume.kubernetes.io/finalizer';
  const rows: [volume: Volume, expected: string[]][] = [
    [of('kubernetes.io/host-path', 'Delete', ['a']), ['a', own]],
    [of('kubernetes.io/host-path', 'Retain', ['a', own]), ['a']],
    [of('kubernetes.io/host-path', 'Delete', [external]), [own]],
    [of('kubernetes.io/gce-pd', 'Delete', [own], { 'pv.kubernetes.io/migrated-to': 'x' }), []],
    [of('example.com', 'Delete', [external]), [external]],
  ];
  for (const [before, expected] of rows) t.strictSame(withDeletionFinalizers(before).metadata?.finalizers, expected);
});

t.test('claims of ephemeral volumes belong to their pod', async (t) => {
  const spec = { accessModes: ['ReadWriteOnce'] };
  const pod = {
    metadata: { name: 'p', namespace: 'n', uid: 'pod' },
    spec: { volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec } } }] },
  } as unknown as Pod;
  const { missing } = missingClaims(pod, () => undefined);
  t.match(missing, [
    {
      metadata: { name: 'p-v', labels: { a: 'b' }, ownerReferences: [{ kind: 'Pod', uid: 'pod', controller: true }] },
      spec,
    },
  ]);
  t.strictSame(
    missingClaims(pod, () => missing[0]),
    { missing: [] },
  );
  t.match(
    missingClaims(pod, () => claim('1Gi')),
    {
      conflict: { volume: 'v', why: 'PVC n/p-v was not created for pod n/p (pod is not owner)' },
    },
  );
});

t.test('growth ends with the new size and without the conditions of resizing', async (t) => {
  const status = {
    capacity: { storage: '1Gi' },
    conditions: [
      { type: 'Resizing', status: 'True' },
      { type: 'Other', status: 'True' },
    ],
    allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
  };
  t.ok(wantsMore({ ...claim('2Gi'), status }));
  t.notOk(wantsMore({ ...claim('1024Mi'), status }));
  t.strictSame(grown({ status }, '2Gi'), {
    capacity: { storage: '2Gi' },
    allocatedResources: { storage: '2Gi' },
    conditions: [{ type: 'Other', status: 'True' }],
  });
});

t.test('what is attached, under which names', async (t) => {
  const csi = { csi: { driver: 'd', volumeHandle: 'h' } };
  t.equal(attachable(volume('v', { spec: csi }), () => true)?.uniqueName, 'kubernetes.io/csi/d^h');
  t.equal(
    attachable(volume('v', { spec: csi }), () => false),
    undefined,
  );
  t.equal(
    attachable(volume('v', { spec: { hostPath: { path: '/x' } } }), () => true),
    undefined,
  );
  const iscsi = { iscsi: { targetPortal: 'p', iqn: 'q', lun: 0 } };
  t.equal(attachable(volume('v', { spec: iscsi }), () => true)?.uniqueName, 'kubernetes.io/iscsi/p:q:0');
  t.equal(await attachmentName('d', 'h', 'n'), 'csi-9072ed11cc1acb5fa433a877ff339b6311d013f33bddd1d0092711a8ace5b16d');
  t.ok(isExclusive(volume('v')));
  t.notOk(isExclusive(volume('v', { modes: ['ReadWriteMany'] })));
  t.strictSame(
    attachedVolumes(
      [
        { name: 'theirs', devicePath: 'x' },
        { name: 'ours-old', devicePath: '' },
      ],
      (n) => n.startsWith('ours'),
      ['ours-new'],
    ),
    [
      { name: 'theirs', devicePath: 'x' },
      { name: 'ours-new', devicePath: '' },
    ],
  );
});

import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import {
  becomes,
  claim,
  claimsPath,
  classesPath,
  classOf,
  goes,
  tells,
  volume,
  volumesPath,
} from './volume-objects.ts';

const isBound = { 'status.phase': 'Bound' };

async function bestVolume(c: CaseContext): Promise<void> {
  await volume(c, 'small');
  const large = await volume(c, 'large', { size: '5Gi' });
  const shared = await volume(c, 'shared', { size: '2Gi', modes: ['ReadWriteOnce', 'ReadWriteMany'] });
  const one = await claim(c, 'one', { size: '1500Mi' });
  await becomes(c, one, {
    ...isBound,
    'spec.volumeName': large,
    'status.accessModes': ['ReadWriteOnce'],
    'status.capacity': { storage: '5Gi' },
    'metadata.annotations': {
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
    },
    'metadata.finalizers': ['kubernetes.io/pvc-protection'],
  });
  await c.get(`${volumesPath}/${large}`, {
    has: {
      ...isBound,
      'spec.claimRef.name': 'one',
      'spec.claimRef.namespace': await c.namespace(),
      'spec.claimRef.kind': 'PersistentVolumeClaim',
      'spec.claimRef.uid': /./,
      'metadata.annotations': { 'pv.kubernetes.io/bound-by-controller': 'yes' },
    },
  });
  const many = await claim(c, 'many', { modes: ['ReadWriteMany'] });
  await becomes(c, many, { ...isBound, 'spec.volumeName': shared });
}

async function selected(c: CaseContext): Promise<void> {
  await volume(c, 'plain', { labels: { tier: 'slow' } });
  const fast = await volume(c, 'fast', { size: '9Gi', labels: { tier: 'fast' } });
  const path = await claim(c, 'picky', { spec: { selector: { matchLabels: { tier: 'fast' } } } });
  await becomes(c, path, { ...isBound, 'spec.volumeName': fast });
  await claim(c, 'block', { spec: { volumeMode: 'Block' } });
  const message = `storageclass.storage.k8s.io "${classOf(c)}" not found`;
  await tells(c, 'block', 'ProvisioningFailed', message);
  await c.get(`${await claimsPath(c)}/block`, { has: { 'status.phase': 'Pending' } });
}

async function setAside(c: CaseContext): Promise<void> {
  const claimRef = { namespace: await c.namespace(), name: 'mine' };
  const kept = await volume(c, 'kept', { size: '10Gi', spec: { claimRef } });
  await volume(c, 'free');
  await becomes(c, await claim(c, 'mine'), {
    ...isBound,
    'spec.volumeName': kept,
    'metadata.annotations': {
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
    },
  });
  await c.get(`${volumesPath}/${kept}`, { has: { 'metadata.annotations': undefined, ...isBound } });
}

async function named(c: CaseContext): Promise<void> {
  const small = await volume(c, 'small');
  await claim(c, 'greedy', { size: '3Gi', spec: { volumeName: small } });
  await tells(c, 'greedy', 'VolumeMismatch', `Cannot bind to requested volume "${small}": requested PV is too small`);
  const modest = await claim(c, 'modest', { spec: { volumeName: small } });
  await becomes(c, modest, {
    ...isBound,
    'metadata.annotations': { 'pv.kubernetes.io/bind-completed': 'yes' },
  });
  await c.get(`${volumesPath}/${small}`, {
    has: { 'metadata.annotations': { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
  });
  await claim(c, 'late', { spec: { volumeName: small } });
  await tells(c, 'late', 'FailedBinding', `volume "${small}" already bound to a different claim.`);
}

async function lost(c: CaseContext): Promise<void> {
  const gone = await volume(c, 'gone');
  const path = await claim(c, 'loser');
  await becomes(c, path, isBound);
  await c.delete(`${volumesPath}/${gone}`, { has: { 'metadata.finalizers': ['kubernetes.io/pv-protection'] } });
  await c.patch(`${volumesPath}/${gone}`, { metadata: { finalizers: null } }, { unstable: true });
  await becomes(c, path, { 'status.phase': 'Lost', 'status.capacity': undefined, 'status.accessModes': undefined });
  await tells(c, 'loser', 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
}

async function retained(c: CaseContext): Promise<void> {
  const name = await volume(c, 'kept');
  const path = await claim(c, 'first');
  await becomes(c, path, isBound);
  await c.delete(path, { unstable: true });
  await goes(c, path);
  await becomes(c, `${volumesPath}/${name}`, { 'status.phase': 'Released', 'spec.claimRef.name': 'first' });
  await c.patch(`${volumesPath}/${name}`, { spec: { claimRef: null } }, { unstable: true });
  await becomes(c, `${volumesPath}/${name}`, { 'status.phase': 'Available' });
}

async function deleted(c: CaseContext): Promise<void> {
  const spec = { persistentVolumeReclaimPolicy: 'Delete' };
  const name = await volume(c, 'temporary', { spec });
  const path = await claim(c, 'first');
  await becomes(c, path, isBound);
  await c.delete(path, { unstable: true });
  await goes(c, `${volumesPath}/${name}`);
  const stuck = await volume(c, 'stuck', { spec: { ...spec, hostPath: { path: '/srv/data' } } });
  const second = await claim(c, 'second');
  await becomes(c, second, isBound);
  await c.delete(second, { unstable: true });
  const message = 'host_path deleter only supports /tmp/.+ but received provided /srv/data';
  await becomes(c, `${volumesPath}/${stuck}`, { 'status.phase': 'Failed', 'status.message': message });
  await tells(c, stuck, 'VolumeFailedDelete', message);
}

async function recycled(c: CaseContext): Promise<void> {
  const spec = { persistentVolumeReclaimPolicy: 'Recycle' };
  const name = await volume(c, 'again', { spec });
  const path = await claim(c, 'first');
  await becomes(c, path, isBound);
  await c.delete(path, { unstable: true });
  const pod = `/api/v1/namespaces/default/pods/recycler-for-${name}`;
  // Where nodes run it, it may be over before anybody looks.
  await c.eventually('a pod to empty the volume', async () => {
    const seen = await c.get(pod, { status: [200, 404], unstable: true });
    if (seen.status === 200) {
      c.equal(seen.at('spec.volumes[0].hostPath.path'), `/tmp/${name}`, 'the volume');
      c.equal(seen.at('spec.containers[0].name'), 'pv-recycler', 'the container');
      c.equal(seen.at('spec.restartPolicy'), 'Never', 'the restart policy');
      return true;
    }
    return (await c.get(`${volumesPath}/${name}`, { unstable: true })).at('status.phase') === 'Available';
  });
  const ended = { status: { phase: 'Succeeded' } };
  await c.patch(`${pod}/status`, ended, { status: [200, 404, 409], unstable: true });
  await becomes(c, `${volumesPath}/${name}`, { 'status.phase': 'Available', 'spec.claimRef': undefined });
  await tells(c, name, 'VolumeRecycled', 'Volume recycled');
  await c.delete(`${pod}?gracePeriodSeconds=0`, { status: [200, 404], unstable: true });
}

async function storageClass(c: CaseContext, extra: object): Promise<string> {
  const metadata = { name: classOf(c) };
  const body = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata,
    provisioner: 'example.com/none',
    ...extra,
  };
  await c.post(classesPath, body, { has: { 'metadata.name': metadata.name } });
  return metadata.name;
}

async function external(c: CaseContext): Promise<void> {
  await storageClass(c, { allowVolumeExpansion: true });
  const path = await claim(c, 'asked');
  await becomes(c, path, {
    'metadata.annotations': {
      'volume.beta.kubernetes.io/storage-provisioner': 'example.com/none',
      'volume.kubernetes.io/storage-provisioner': 'example.com/none',
    },
  });
  const message =
    "Waiting for a volume to be created either by the external provisioner 'example.com/none' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
  await tells(c, 'asked', 'ExternalProvisioning', message);
  const uid = (await c.get(path, { unstable: true })).textAt('metadata.uid');
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: await c.namespace(),
    name: 'asked',
    uid,
  };
  const metadata = { name: `${c.rand}-made`, annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/none' } };
  const csi = { driver: 'example.com', volumeHandle: c.rand };
  const accessModes = ['ReadWriteOnce'];
  const spec = { capacity: { storage: '1Gi' }, accessModes, storageClassName: classOf(c), csi, claimRef };
  const body = { apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec };
  await c.post(volumesPath, body, { has: { 'metadata.name': metadata.name } });
  await becomes(c, path, { ...isBound, 'spec.volumeName': metadata.name });
  await c.patch(path, { spec: { resources: { requests: { storage: '2Gi' } } } }, { unstable: true });
  await tells(c, 'asked', 'ExternalExpanding', 'waiting for an external controller to expand this PVC');
}

async function delayed(c: CaseContext): Promise<void> {
  await storageClass(c, { volumeBindingMode: 'WaitForFirstConsumer', provisioner: 'kubernetes.io/no-provisioner' });
  await volume(c, 'near');
  const path = await claim(c, 'patient');
  const message = 'waiting for first consumer to be created before binding';
  await tells(c, 'patient', 'WaitForFirstConsumer', message);
  await c.get(path, { has: { 'status.phase': 'Pending', 'spec.volumeName': undefined } });
}

async function inTree(c: CaseContext): Promise<void> {
  await storageClass(c, { provisioner: 'kubernetes.io/no-provisioner' });
  await claim(c, 'nobody');
  const message = 'no volume plugin matched name: kubernetes.io/no-provisioner';
  await tells(c, 'nobody', 'ProvisioningFailed', message);
  await claim(c, 'none', { spec: { storageClassName: '' }, size: '900Ti' });
  const why = 'no persistent volumes available for this claim and no storage class is set';
  await tells(c, 'none', 'FailedBinding', why);
}

const needs = ['controllers'] as const;

export const claimCases: readonly Case[] = [
  { id: 'storage/persistentvolumeclaims/the volume that fits best is bound', needs, run: bestVolume },
  { id: 'storage/persistentvolumeclaims/selector and mode are heeded', needs, run: selected },
  { id: 'storage/persistentvolumeclaims/a volume set aside is taken', needs, run: setAside },
  { id: 'storage/persistentvolumeclaims/a named volume is bound or refused', needs, run: named },
  { id: 'storage/persistentvolumeclaims/a claim without its volume is lost', needs, run: lost },
  { id: 'storage/persistentvolumeclaims/external provisioners are asked', needs, run: external },
  { id: 'storage/persistentvolumeclaims/binding waits for the first consumer', needs, run: delayed },
  { id: 'storage/persistentvolumeclaims/what nobody can provision is told', needs, run: inTree },
  { id: 'storage/persistentvolumes/a retained volume is released', needs, run: retained },
  { id: 'storage/persistentvolumes/storage of a released volume is deleted', needs, run: deleted },
  { id: 'storage/persistentvolumes/a pod empties a recycled volume', needs, run: recycled },
];

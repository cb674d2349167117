import { createHash } from 'node:crypto';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { becomes, claim, claimsPath, classOf, goes, tells, volume } from './volume-objects.ts';

async function pod(c: CaseContext, name: string, volumes: readonly object[], nodeName: string): Promise<string> {
  const path = `/api/v1/namespaces/${await c.namespace()}/pods`;
  const nodeSelector = { 'conformance.example.com/nowhere': c.rand };
  const place = nodeName === '' ? { nodeSelector } : { nodeName };
  const spec = { ...place, containers: [{ name: 'c', image: 'example.com/none' }], volumes };
  await c.post(path, { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }, { has: { 'metadata.name': name } });
  return `${path}/${name}`;
}

async function ended(c: CaseContext, path: string): Promise<void> {
  await c.delete(`${path}?gracePeriodSeconds=0`, { unstable: true });
  await goes(c, path);
}

/** A node that nobody else gets pods to, and that leaves attaching to the controller. */
async function node(c: CaseContext): Promise<string> {
  const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
  const metadata = { name: `${c.rand}-node`, annotations };
  const body = { apiVersion: 'v1', kind: 'Node', metadata, spec: { unschedulable: true } };
  await c.post('/api/v1/nodes', body, { has: { 'metadata.name': metadata.name } });
  return metadata.name;
}

async function protectedClaim(c: CaseContext): Promise<void> {
  const nodeName = await node(c);
  await volume(c, 'used');
  const path = await claim(c, 'used');
  await becomes(c, path, { 'status.phase': 'Bound' });
  const user = await pod(c, 'user', [{ name: 'v', persistentVolumeClaim: { claimName: 'used' } }], nodeName);
  await c.delete(path, { has: { 'metadata.finalizers': ['kubernetes.io/pvc-protection'] } });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await c.get(path, { has: { 'metadata.deletionTimestamp': /./, 'status.phase': 'Bound' } });
  await ended(c, user);
  await goes(c, path);
}

async function ephemeral(c: CaseContext): Promise<void> {
  const request = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const template = { metadata: { labels: { of: 'pod' } }, spec: { ...request, storageClassName: classOf(c) } };
  const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: template } }];
  const claims = await claimsPath(c);
  const path = await pod(c, 'owner', volumes, '');
  const uid = (await c.get(path, { unstable: true })).textAt('metadata.uid');
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'owner', uid, controller: true, blockOwnerDeletion: true };
  await becomes(c, `${claims}/owner-scratch`, {
    'metadata.labels': { of: 'pod' },
    'metadata.ownerReferences[0].uid': uid,
    'spec.storageClassName': classOf(c),
  });
  await c.get(`${claims}/owner-scratch`, { has: { 'metadata.ownerReferences': [owner] } });
  await claim(c, 'second-scratch');
  await pod(c, 'second', volumes, '');
  const ns = await c.namespace();
  const message = `ephemeral volume scratch: PVC ${ns}/second-scratch was not created for pod ${ns}/second (pod is not owner)`;
  await tells(c, 'second', 'FailedBinding', message);
}

async function attached(c: CaseContext): Promise<void> {
  const nodeName = await node(c);
  const driver = `${c.rand}.example.com`;
  const csi = { driver, volumeHandle: 'handle' };
  const persistentVolumeName = await volume(c, 'remote', { spec: { csi } });
  const path = await claim(c, 'remote');
  await becomes(c, path, { 'status.phase': 'Bound' });
  const user = await pod(c, 'user', [{ name: 'v', persistentVolumeClaim: { claimName: 'remote' } }], nodeName);
  const hash = createHash('sha256').update(`handle${driver}${nodeName}`).digest('hex');
  const attachment = `/apis/storage.k8s.io/v1/volumeattachments/csi-${hash}`;
  await becomes(c, attachment, {
    'spec.attacher': driver,
    'spec.nodeName': nodeName,
    'spec.source': { persistentVolumeName },
  });
  await c.patch(`${attachment}/status`, { status: { attached: true } }, { unstable: true });
  const name = `kubernetes.io/csi/${driver}^handle`;
  const nodePath = `/api/v1/nodes/${nodeName}`;
  await becomes(c, nodePath, { 'status.volumesAttached[0].name': name });
  await tells(
    c,
    'user',
    'SuccessfulAttachVolume',
    `AttachVolume.Attach succeeded for volume "${persistentVolumeName}" `,
  );
  await ended(c, user);
  await goes(c, attachment);
  await becomes(c, nodePath, { 'status.volumesAttached': undefined });
}

const needs = ['controllers'] as const;

export const volumeUseCases: readonly Case[] = [
  { id: 'storage/persistentvolumeclaims/a claim in use stays until its pod has gone', needs, run: protectedClaim },
  { id: 'storage/pods/ephemeral volumes get claims', needs, run: ephemeral },
  { id: 'storage/volumeattachments/a volume is attached to its pods node and detached', needs, run: attached },
];

import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import type { ApiClient } from '../api/client.ts';
import type { Api, KubeObject } from '../api/object.ts';
import { claimProtection, volumeProtection } from '../runtime/controllers/protection/protection.ts';
import { resourceClaimController } from '../runtime/controllers/resource-claims/resource-claim-controller.ts';
import { persistentVolumeBinder } from '../runtime/controllers/volumes/binder.ts';
import { ephemeralVolumeController } from '../runtime/controllers/volumes/ephemeral.ts';
import { persistentVolumeExpander } from '../runtime/controllers/volumes/expander.ts';
import { problemsAtRest, startFaultyCluster } from './faulty-cluster.ts';

type Claim = Readonly<Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>>;
type Volume = Readonly<Api<'io.k8s.api.core.v1.PersistentVolume'>>;
type ResourceClaim = Readonly<Api<'io.k8s.api.resource.v1.ResourceClaim'>>;

const claims = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumes = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;
const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const classes = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' } as const;
const templates = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaimtemplates' } as const;
const resourceClaims = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaims' } as const;
const namespace = 'default';
const count = 12;

function claimSpec(storageClassName: string, storage = '1Gi'): object {
  return { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } };
}

async function make(client: ApiClient): Promise<void> {
  await client.create(classes, '', {
    metadata: { name: 'here' },
    provisioner: 'kubefacade.io/host-path',
    allowVolumeExpansion: true,
  } as KubeObject);
  const devices = { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] };
  await client.create(templates, namespace, { metadata: { name: 't' }, spec: { spec: { devices } } } as KubeObject);
  for (let i = 0; i < count; i++) {
    const storage = `${1 + (i % 3)}Gi`;
    const spec = {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'there',
      hostPath: { path: `/tmp/${i}` },
    };
    await client.create(volumes, '', { metadata: { name: `v${i}` }, spec } as KubeObject);
    await client.create(claims, namespace, {
      metadata: { name: `found-${i}` },
      spec: claimSpec('there'),
    } as KubeObject);
    await client.create(claims, namespace, { metadata: { name: `made-${i}` }, spec: claimSpec('here') } as KubeObject);
    const ephemeral = { volumeClaimTemplate: { spec: claimSpec('here') } };
    const podSpec = {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'e', ephemeral }],
      resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }],
    };
    await client.create(pods, namespace, { metadata: { name: `pod-${i}` }, spec: podSpec } as KubeObject);
  }
}

/** What is wrong with a state that should have come to rest: nothing, once it has. */
async function trouble(client: ApiClient): Promise<string[]> {
  const problems: string[] = [];
  const foundClaims = (await client.list<Claim>(claims, { namespace })).items;
  const byName = new Map((await client.list<Volume>(volumes)).items.map((each) => [each.metadata?.name ?? '', each]));
  for (const { metadata, spec, status } of foundClaims) {
    const volume = byName.get(spec?.volumeName ?? '');
    const isBound = status?.phase === 'Bound' && volume?.status?.phase === 'Bound';
    if (!isBound || volume.spec?.claimRef?.uid !== metadata?.uid) problems.push(`${metadata?.name} is not bound`);
    const size = spec?.resources?.requests?.storage;
    if (metadata?.name?.startsWith('made-') && status?.capacity?.storage !== size)
      problems.push(`${metadata.name} has not grown`);
  }
  // Half of the claims of each sort are deleted; volumes made for them go, found ones are released.
  if (foundClaims.length !== 2 * count) problems.push(`${foundClaims.length} claims`);
  // A claim that goes before it was bound leaves its volume as it was.
  const phaseOf = ({ spec, status }: Volume): string | undefined =>
    status?.phase === 'Available' && spec?.claimRef === undefined ? 'Released' : status?.phase;
  const phases = [...byName.values()].map(phaseOf).toSorted();
  const expected = [...Array(2 * count).fill('Bound'), ...Array(count / 2).fill('Released')];
  if (phases.join() !== expected.join()) problems.push(`volumes are ${phases.join()}`);
  const generated = (await client.list<ResourceClaim>(resourceClaims, { namespace })).items;
  const owners = new Set(generated.map(({ metadata }) => metadata?.ownerReferences?.[0]?.uid));
  if (generated.length !== count || owners.size !== count)
    problems.push(`${generated.length} claims of ${owners.size} pods`);
  const statuses = (await client.list<Api<'io.k8s.api.core.v1.Pod'>>(pods, { namespace })).items;
  for (const { metadata, status } of statuses) {
    const named = status?.resourceClaimStatuses?.[0]?.resourceClaimName;
    if (!generated.some((each) => each.metadata?.name === named)) problems.push(`${metadata?.name} has no claim`);
  }
  return problems;
}

t.test('claims and volumes come to the same end when one request of ten fails and watches break', async (t) => {
  const definitions = [
    persistentVolumeBinder,
    claimProtection,
    volumeProtection,
    ephemeralVolumeController,
    persistentVolumeExpander,
    resourceClaimController,
  ];
  await using cluster = await startFaultyCluster(definitions, 6, { persistentVolumeClaimBinderSyncPeriodMs: 1000 });
  const { client, faults } = cluster;
  const look = () => trouble(client);
  await make(client);
  await wait(500);
  for (let i = 0; i < count; i += 2) {
    await client.delete(claims, namespace, `found-${i}`);
    await client.delete(claims, namespace, `made-${i}`);
  }
  await problemsAtRest(look);
  for (let i = 1; i < count; i += 2) {
    const target = { resource: claims, namespace, name: `made-${i}`, type: 'application/merge-patch+json' } as const;
    await client.patch(target, { spec: { resources: { requests: { storage: '2Gi' } } } });
  }
  t.strictSame(await problemsAtRest(look), []);
  await wait(500);
  t.strictSame(await look(), [], 'and it stays so');
  for (const name of ['conflict', 'too many', 'internal', 'timeout after commit', 'watch ended'])
    t.ok((faults.get(name) ?? 0) > 0, `${name}: ${faults.get(name)}`);
});

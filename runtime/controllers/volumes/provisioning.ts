import type { KubeObject } from '../../../api/object.ts';
import { notFoundError, StatusError } from '../../../api/status.ts';
import { keyOf } from '../../client/object-key.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { type BinderContext, claimEvent, updateClaim } from './binder-context.ts';
import { classOfClaim } from './matching.ts';
import {
  betaStorageProvisioner,
  boundByController,
  type Claim,
  claimKind,
  migratedTo,
  type Node,
  provisionedBy,
  type StorageClass,
  selectedNode,
  storageClasses,
  storageProvisioner,
  type Volume,
  volumeControllerFinalizer,
  volumes,
  withAnnotations,
  withoutAnnotation,
} from './storage-objects.ts';

/** Always there unless it is switched off: directories of the nodes, which the simulated nodes make as they need them. */
export const builtInProvisioner = 'kubefacade.io/host-path';
export const hostPathProvisioner = 'kubernetes.io/host-path';

/** In-tree provisioners whose work drivers have taken over. */
const drivers: Readonly<Record<string, string>> = {
  'kubernetes.io/aws-ebs': 'ebs.csi.aws.com',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
};

/** With the annotation that says who works for the provisioner now; undefined when it is right already. */
export function withMigration<T extends KubeObject>(object: Readonly<T>, of: 'claim' | 'volume'): T | undefined {
  const annotations = object.metadata?.annotations ?? {};
  const provisioner =
    of === 'volume'
      ? annotations[provisionedBy]
      : (annotations[storageProvisioner] ?? annotations[betaStorageProvisioner]);
  if (provisioner === undefined) return undefined;
  const driver = drivers[provisioner];
  if (annotations[migratedTo] === driver) return undefined;
  return driver === undefined
    ? withoutAnnotation(object, migratedTo)
    : withAnnotations(object, { [migratedTo]: driver });
}

/** Whether volumes of this provisioner are made and deleted here. */
export function isProvisionedHere({ provisioning }: Pick<BinderContext, 'provisioning'>, provisioner: string): boolean {
  if (provisioner === builtInProvisioner) return provisioning.isBuiltInEnabled;
  return provisioner === hostPathProvisioner;
}

/** A volume for a claim that matches none: made here, or asked for from whoever the class names. */
export async function provision(binder: BinderContext, claim: Readonly<Claim>): Promise<void> {
  if (!binder.provisioning.isDynamic) return;
  const className = classOfClaim(claim);
  const storageClass = binder.classes.get(className);
  const fail = (message: string): void => claimEvent(binder, claim, 'Warning', 'ProvisioningFailed', message);
  if (storageClass === undefined)
    return fail(notFoundError({ group: storageClasses.group, resource: 'storageclass' }, className).message);
  const { provisioner = '' } = storageClass;
  const driver = drivers[provisioner];
  if (driver !== undefined) return askExternal(binder, claim, driver);
  if (!isProvisionedHere(binder, provisioner)) {
    if (!provisioner.startsWith('kubernetes.io/')) return askExternal(binder, claim, provisioner);
    return fail(
      inTree.has(provisioner)
        ? 'no provisionable volume plugin matched'
        : `no volume plugin matched name: ${provisioner}`,
    );
  }
  await provisionHere(binder, claim, storageClass);
}

/** Volume plug-ins of upstream's controller manager that cannot provision. */
const inTree: ReadonlySet<string> = new Set([
  'kubernetes.io/csi',
  'kubernetes.io/fc',
  'kubernetes.io/iscsi',
  'kubernetes.io/nfs',
]);

async function setProvisioner(
  binder: BinderContext,
  claim: Readonly<Claim>,
  provisioner: string,
): Promise<Readonly<Claim>> {
  if (claim.metadata?.annotations?.[storageProvisioner] === provisioner) return claim;
  const marks = { [betaStorageProvisioner]: provisioner, [storageProvisioner]: provisioner };
  const marked = withAnnotations(claim, marks);
  return updateClaim(binder, withMigration(marked, 'claim') ?? marked);
}

async function askExternal(binder: BinderContext, claim: Readonly<Claim>, provisioner: string): Promise<void> {
  const marked = await setProvisioner(binder, claim, provisioner);
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  claimEvent(binder, marked, 'Normal', 'ExternalProvisioning', message);
}

async function provisionHere(
  binder: BinderContext,
  asked: Readonly<Claim>,
  storageClass: Readonly<StorageClass>,
): Promise<void> {
  const { provisioner = '', mountOptions = [], metadata } = storageClass;
  const fail = (message: string): void => claimEvent(binder, asked, 'Warning', 'ProvisioningFailed', message);
  if (asked.spec?.dataSource !== undefined) {
    return fail(`plugin "${provisioner}" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource`);
  }
  const claim = await setProvisioner(binder, asked, provisioner);
  const name = `pvc-${claim.metadata?.uid}`;
  if ((await unlessMissing(binder.client.get<Volume>(volumes, '', name))) !== undefined) return;
  if (mountOptions.length > 0) {
    return fail(
      `Mount options are not supported by the provisioner but StorageClass "${metadata?.name}" has mount options [${mountOptions.join(' ')}]`,
    );
  }
  if (provisioner === hostPathProvisioner && !binder.provisioning.isHostPathEnabled)
    return fail('Failed to create provisioner: provisioning in volume plugin "kubernetes.io/host-path" is disabled');
  const nodeName = claim.metadata?.annotations?.[selectedNode];
  const node = nodeName === undefined ? undefined : binder.nodes.get(nodeName);
  if (nodeName !== undefined && node === undefined)
    return fail(`Failed to get target node: node "${nodeName}" not found`);
  if (claim.spec?.volumeMode === 'Block') {
    await forgetNode(binder, claim);
    return fail(
      `Failed to provision volume with StorageClass "${metadata?.name}": ${provisioner} does not support block volume provisioning`,
    );
  }
  const path = `/tmp/hostpath_pv/${binder.random.uuid()}`;
  const volume = hostPathVolume(claim, storageClass, { name, path, ...(node === undefined ? {} : { node }) });
  try {
    binder.volumes.wrote(await binder.client.create(volumes, '', volume));
  } catch (error) {
    // What may pass is tried again at once.
    if (!(error instanceof StatusError) || error.code >= 500 || error.code === 429) throw error;
    if (error.reason !== 'AlreadyExists') {
      return fail(
        `Error creating provisioned PV object for claim ${keyOf(claim)}: ${error.message}. Deleting the volume.`,
      );
    }
  }
  const message = `Successfully provisioned volume ${name} using ${provisioner}`;
  claimEvent(binder, claim, 'Normal', 'ProvisioningSucceeded', message);
  binder.claimQueue.add(keyOf(claim));
}

/** Lets the scheduler choose again. */
async function forgetNode(binder: BinderContext, claim: Readonly<Claim>): Promise<void> {
  if (claim.metadata?.annotations?.[selectedNode] === undefined) return;
  await updateClaim(binder, withoutAnnotation(claim, selectedNode));
}

interface Place {
  readonly name: string;
  readonly path: string;
  /** Where the scheduler wants it; the built-in provisioner ties the volume to it. */
  readonly node?: Readonly<Node>;
}

const hostname = 'kubernetes.io/hostname';

export function hostPathVolume(
  claim: Readonly<Claim>,
  { provisioner = '', reclaimPolicy = 'Delete' }: Readonly<StorageClass>,
  { name, path, node }: Place,
): Volume {
  const { accessModes = [], resources } = claim.spec ?? {};
  const nodeLabel = provisioner === builtInProvisioner ? node?.metadata?.labels?.[hostname] : undefined;
  const terms = [{ matchExpressions: [{ key: hostname, operator: 'In', values: [nodeLabel ?? ''] }] }];
  return {
    metadata: {
      name,
      annotations: {
        'kubernetes.io/createdby': 'hostpath-dynamic-provisioner',
        [boundByController]: 'yes',
        [provisionedBy]: provisioner,
      },
      ...(reclaimPolicy === 'Delete' ? { finalizers: [volumeControllerFinalizer] } : {}),
    },
    spec: {
      capacity: { storage: resources?.requests?.storage ?? '0' },
      accessModes: accessModes.length === 0 ? ['ReadWriteOnce'] : accessModes,
      claimRef: referenceTo(claim, claimKind),
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: classOfClaim(claim),
      hostPath: { path, ...(provisioner === builtInProvisioner ? { type: 'DirectoryOrCreate' } : {}) },
      ...(nodeLabel === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms: terms } } }),
    },
    status: { phase: 'Bound' },
  } as Volume;
}

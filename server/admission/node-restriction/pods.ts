import { semanticEqual } from '../../../api/equal.ts';
import type { Api } from '../../../api/object.ts';
import { notFoundError } from '../../../api/status.ts';
import { forbiddenByAdmission } from '../plugin.ts';
import { referencesSecrets } from '../plugins/service-account-secrets.ts';
import type { NodeRequest } from './node-request.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;
type Volume = Api<'io.k8s.api.core.v1.Volume'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;

const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Missing ones are called as upstream's caches call them. */
export function existingPod({ request, reader }: NodeRequest, name: string): Readonly<Pod> {
  const pod = reader.get<Pod>('pods', request.namespace, name);
  if (pod === undefined) throw notFoundError({ group: '', resource: 'pod' }, name);
  return pod;
}

export function admitPod(asked: NodeRequest): void {
  const { request, node } = asked;
  const who = `node ${JSON.stringify(node)}`;
  if (request.operation === 'CREATE') {
    const problem = mirrorProblem(asked, (request.object ?? {}) as Pod);
    if (problem !== undefined) throw forbiddenByAdmission(request, problem);
    return;
  }
  if (request.operation !== 'DELETE') {
    const why = `unexpected operation ${JSON.stringify(request.operation)}, ${who} can only create and delete mirror pods`;
    throw forbiddenByAdmission(request, why);
  }
  if (existingPod(asked, request.name).spec?.nodeName === node) return;
  throw forbiddenByAdmission(request, `${who} can only delete pods with spec.nodeName set to itself`);
}

/** Kubelets create pods only as images of those that they run from their disk. */
function mirrorProblem({ node, reader }: NodeRequest, { metadata = {}, spec = {} }: Readonly<Pod>): string | undefined {
  const who = `node ${JSON.stringify(node)}`;
  if (metadata.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, ${who} can only create mirror pods`;
  }
  if (spec.nodeName !== node) return `${who} can only create pods with spec.nodeName set to itself`;
  const [owner, another] = metadata.ownerReferences ?? [];
  if (another !== undefined) return `${who} can only create pods with a single owner reference set to itself`;
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return `${who} can only create pods with an owner reference set to itself`;
  }
  if (owner.controller !== true) return `${who} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion === true) return `${who} must not set blockOwnerDeletion on an owner reference`;
  const stored = reader.get<Node>('nodes', '', node);
  if (stored === undefined) throw notFoundError({ group: '', resource: 'node' }, node);
  const uid = stored.metadata?.uid ?? '';
  if (owner.uid !== uid) return `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`;
  const referenced = referencedObjects(spec);
  return referenced === undefined ? undefined : `${who} can not create pods that reference ${referenced}`;
}

function referencedObjects(spec: Readonly<PodSpec>): string | undefined {
  if (spec.serviceAccountName) return 'serviceaccounts';
  if (referencesSecrets(spec)) return 'secrets';
  if (referencesConfigMaps(spec)) return 'configmaps';
  if ((spec.resourceClaims ?? []).length > 0) return 'resourceclaims';
  for (const volume of spec.volumes ?? []) {
    const referenced = referencedByVolume(volume);
    if (referenced !== undefined) return referenced;
  }
  return undefined;
}

function referencedByVolume(volume: Readonly<Volume>): string | undefined {
  if (volume.csi !== undefined) return 'csidrivers (via CSI volumes)';
  if (volume.glusterfs !== undefined) return 'endpoints (via glusterFS volumes)';
  if (volume.persistentVolumeClaim !== undefined) return 'persistentvolumeclaims';
  if (volume.ephemeral !== undefined) return 'persistentvolumeclaims (via ephemeral volumes)';
  for (const source of volume.projected?.sources ?? []) {
    if (source.serviceAccountToken !== undefined) return 'serviceaccounts (via projected volumes)';
    if (source.clusterTrustBundle !== undefined) return 'clustertrustbundles';
    if (source.podCertificate !== undefined) return 'podcertificates';
  }
  return undefined;
}

function referencesConfigMaps({ volumes = [], ...spec }: Readonly<PodSpec>): boolean {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  const inContainers = containers.some(
    ({ env = [], envFrom = [] }) =>
      envFrom.some(({ configMapRef }) => configMapRef !== undefined) ||
      env.some(({ valueFrom }) => valueFrom?.configMapKeyRef !== undefined),
  );
  const inVolumes = volumes.some(
    ({ configMap, projected }) =>
      configMap !== undefined || (projected?.sources ?? []).some((source) => source.configMap !== undefined),
  );
  return inContainers || inVolumes;
}

export function admitPodStatus({ request, node }: NodeRequest): void {
  const refuse = (why: string): Error => forbiddenByAdmission(request, why);
  const who = `node ${JSON.stringify(node)}`;
  if (request.operation !== 'UPDATE') throw refuse(`unexpected operation ${JSON.stringify(request.operation)}`);
  const pod: Readonly<Pod> = request.object ?? {};
  const old: Readonly<Pod> = request.oldObject ?? {};
  if (old.spec?.nodeName !== node)
    throw refuse(`${who} can only update pod status for pods with spec.nodeName set to itself`);
  if (!semanticEqual(pod.metadata?.labels, old.metadata?.labels))
    throw refuse(`${who} cannot update labels through pod status`);
  if (!semanticEqual(pod.status?.resourceClaimStatuses, old.status?.resourceClaimStatuses)) {
    throw refuse(`${who} cannot update resource claim statues`);
  }
  if (semanticEqual(pod.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus)) return;
  throw refuse(`${who} cannot update extended resource claim status`);
}

export function admitPodEviction(asked: NodeRequest): void {
  const { request, node } = asked;
  if (request.operation !== 'CREATE') throw forbiddenByAdmission(request, `unexpected operation ${request.operation}`);
  const name = request.name || request.object?.metadata?.name || '';
  if (name === '') throw forbiddenByAdmission(request, 'could not determine pod from request data');
  if (existingPod(asked, name).spec?.nodeName === node) return;
  throw forbiddenByAdmission(request, `node ${node} can only evict pods with spec.nodeName set to itself`);
}

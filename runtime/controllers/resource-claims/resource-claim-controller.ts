import { goQuote } from '../../../api/go-text.ts';
import { StatusError } from '../../../api/status.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf, splitKey } from '../../client/object-key.ts';
import type { ControllerContext, ControllerDefinition, RunningController } from '../../framework/controller.ts';
import { NotYet, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { Newest } from '../volumes/newest.ts';
import {
  type Consumer,
  claimFromTemplate,
  claimKeysOf,
  claimNameOf,
  deleteProtection,
  isPodDone,
  isReservedFor,
  needsWork,
  ownershipError,
  owningPod,
  type Pod,
  type PodClaim,
  podClaimName,
  pods,
  type ResourceClaim,
  type ResourceClaimTemplate,
  resourceClaims,
  resourceClaimTemplates,
} from './claims-of-pods.ts';

const name = 'resourceclaim-controller';
const podKind = { group: '', version: 'v1', kind: 'Pod' };
const podsByClaim = 'resource claims';
const podsByTemplate = 'resource claim templates';
const claimsByPod = 'pod that owns';

interface Loop {
  readonly context: ControllerContext;
  readonly pods: Informer<Pod>;
  readonly claims: Newest<ResourceClaim>;
  readonly templates: Informer<ResourceClaimTemplate>;
  readonly queue: WorkQueue;
}

function templateKeysOf({ metadata, spec }: Readonly<Pod>): string[] {
  return (spec?.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName }) =>
    resourceClaimTemplateName === undefined ? [] : [`${metadata?.namespace}/${resourceClaimTemplateName}`],
  );
}

/** Makes the claims of pods from templates, reserves them for pods that bypass the scheduler, and frees what nobody needs. */
export const resourceClaimController: ControllerDefinition = { name, start };

function start(context: ControllerContext, signal: AbortSignal): RunningController {
  const { clock, informers } = context;
  const podInformer = informers.of<Pod>(pods);
  const claimInformer = informers.of<ResourceClaim>(resourceClaims);
  const templateInformer = informers.of<ResourceClaimTemplate>(resourceClaimTemplates);
  podInformer.index(podsByClaim, claimKeysOf);
  podInformer.index(podsByTemplate, templateKeysOf);
  claimInformer.index(claimsByPod, (claim) => {
    const owner = owningPod(claim);
    return owner === undefined ? [] : [owner.uid];
  });
  const queue = new WorkQueue(clock);
  const loop: Loop = {
    context,
    pods: podInformer,
    claims: new Newest(claimInformer),
    templates: templateInformer,
    queue,
  };
  const enqueuePod = (pod: Readonly<Pod>, isDeleted = false): void => {
    if (pod.spec?.resourceClaims === undefined && pod.status?.extendedResourceClaimStatus === undefined) return;
    if (isDeleted || isPodDone(pod)) for (const key of claimKeysOf(pod)) queue.add(`claim:${key}`);
    if (!isDeleted && needsWork(pod, (key) => loop.claims.get(key))) queue.add(`pod:${keyOf(pod)}`);
  };
  const enqueueClaim = (claim: Readonly<ResourceClaim>, isDeleted = false): void => {
    if (!isDeleted) queue.add(`claim:${keyOf(claim)}`);
    for (const pod of podInformer.by(podsByClaim, keyOf(claim))) enqueuePod(pod);
  };
  podInformer.subscribe({
    added: (pod) => enqueuePod(pod),
    updated: (pod) => enqueuePod(pod),
    deleted: (pod) => enqueuePod(pod, true),
  });
  claimInformer.subscribe({
    added: (claim) => enqueueClaim(claim),
    updated: (claim) => enqueueClaim(claim),
    deleted: (claim) => enqueueClaim(claim, true),
  });
  templateInformer.subscribe({
    added: (template) => {
      for (const pod of podInformer.by(podsByTemplate, keyOf(template))) enqueuePod(pod);
    },
  });
  const reconcile = async (key: string): Promise<void> => {
    if (key.startsWith('pod:')) await syncPod(loop, key.slice('pod:'.length));
    else await syncClaim(loop, key.slice('claim:'.length));
  };
  const all = [podInformer, claimInformer, templateInformer];
  return startReconciling({ name, workers: 5, informers: all, queue, reconcile }, context, signal);
}

async function syncPod(loop: Loop, key: string): Promise<void> {
  const pod = loop.pods.get(key);
  if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) return;
  const { client } = loop.context;
  const made: { name: string; resourceClaimName: string }[] = [];
  for (const podClaim of pod.spec?.resourceClaims ?? []) {
    const found = await ensureClaim(loop, pod, podClaim);
    if (found !== undefined) made.push({ name: podClaim.name ?? '', resourceClaimName: found });
  }
  const { namespace = '', name: podName = '' } = pod.metadata ?? {};
  if (made.length > 0) {
    const target = { resource: pods, namespace, name: podName, type: 'application/apply-patch+yaml' } as const;
    const metadata = { name: podName, namespace };
    // What was applied before and is left out now would go.
    const kept = (pod.status?.resourceClaimStatuses ?? []).filter(
      (each) => !made.some(({ name }) => name === each.name),
    );
    const body = { apiVersion: 'v1', kind: 'Pod', metadata, status: { resourceClaimStatuses: [...kept, ...made] } };
    const options = { subresource: 'status', fieldManager: 'ResourceClaimController', force: true };
    await client.patch(target, body, options);
  }
  if ((pod.spec?.nodeName ?? '') !== '') await reserve(loop, pod);
}

/** The name of a claim that the pod's status does not tell yet. */
async function ensureClaim(loop: Loop, pod: Readonly<Pod>, podClaim: PodClaim): Promise<string | undefined> {
  const { namespace = '', uid } = pod.metadata ?? {};
  const { resourceClaimTemplateName: templateName } = podClaim;
  if (templateName === undefined) return undefined;
  const named = claimNameOf(pod, podClaim);
  if (named === '') return undefined;
  const present = named === undefined ? undefined : await presentClaim(loop, namespace, named);
  if (present !== undefined && ownershipError(present, pod) === undefined) return undefined;
  const isForEntry = (claim: Readonly<ResourceClaim>): boolean =>
    owningPod(claim)?.uid === uid && claim.metadata?.annotations?.[podClaimName] === podClaim.name;
  let known = loop.claims.candidates(claimsByPod, uid ?? '').find(isForEntry);
  // After a failure one may have been made without an answer.
  if (known === undefined && loop.queue.failuresOf(`pod:${keyOf(pod)}`) > 0)
    known = (await loop.context.client.list<ResourceClaim>(resourceClaims, { namespace })).items.find(isForEntry);
  if (known !== undefined) return known.metadata?.name;
  const fail = (why: string): never => {
    const message = `PodResourceClaim ${podClaim.name}: ${why}`;
    const about = referenceTo(pod, podKind);
    loop.context.recorder('resource_claim').record(about, 'Warning', 'FailedResourceClaimCreation', message);
    throw new NotYet(`pod ${namespace}/${pod.metadata?.name}, ${message}`);
  };
  const template = loop.templates.get(`${namespace}/${templateName}`);
  if (template === undefined) {
    const missing = `resourceclaimtemplate.resource.k8s.io ${goQuote(templateName)} not found`;
    return fail(`resource claim template ${goQuote(templateName)}: ${missing}`);
  }
  try {
    const claim = claimFromTemplate(pod, podClaim, template);
    return loop.claims.wrote(await loop.context.client.create(resourceClaims, namespace, claim)).metadata?.name;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return fail(`create ResourceClaim : ${error.message}`);
  }
}

/** A claim that a pod's status tells of, though the informer does not know it: it may lag. */
async function presentClaim(loop: Loop, namespace: string, name: string): Promise<Readonly<ResourceClaim> | undefined> {
  const known = loop.claims.get(`${namespace}/${name}`);
  return known ?? (await unlessMissing(loop.context.client.get<ResourceClaim>(resourceClaims, namespace, name)));
}

/** The scheduler does this where it has chosen the node. */
async function reserve(loop: Loop, pod: Readonly<Pod>): Promise<void> {
  const { namespace = '', name: podName = '', uid = '' } = pod.metadata ?? {};
  for (const podClaim of pod.spec?.resourceClaims ?? []) {
    const named = claimNameOf(pod, podClaim) ?? '';
    const claim = named === '' ? undefined : loop.claims.get(`${namespace}/${named}`);
    if (claim?.status?.allocation === undefined || isReservedFor(claim, pod)) continue;
    const isGenerated = podClaim.resourceClaimTemplateName !== undefined;
    if (isGenerated && ownershipError(claim, pod) !== undefined) continue;
    const consumer: Consumer = { resource: 'pods', name: podName, uid };
    const reservedFor = [...(claim.status.reservedFor ?? []), consumer];
    await updateStatus(loop, { ...claim, status: { ...claim.status, reservedFor } });
  }
}

async function updateStatus(loop: Loop, claim: ResourceClaim): Promise<Readonly<ResourceClaim>> {
  const { namespace = '' } = claim.metadata ?? {};
  const options = { subresource: 'status' };
  return loop.claims.wrote(await loop.context.client.update(resourceClaims, namespace, claim, options));
}

async function syncClaim(loop: Loop, key: string): Promise<void> {
  const claim = loop.claims.get(key);
  if (claim === undefined) return;
  const reservedFor = claim.status?.reservedFor ?? [];
  const { namespace } = splitKey(key);
  const remaining: Consumer[] = [];
  for (const consumer of reservedFor) if (await isStillNeeded(loop, namespace, consumer)) remaining.push(consumer);
  await free(loop, claim, remaining);
  if (remaining.length === 0) await deleteUnused(loop, claim);
}

/** Takes consumers out that have gone; after the last one the allocation and its finalizer. */
async function free(loop: Loop, claim: Readonly<ResourceClaim>, remaining: readonly Consumer[]): Promise<void> {
  const { reservedFor = [], allocation, ...status } = claim.status ?? {};
  const isGone = remaining.length < reservedFor.length;
  const isFinal = claim.metadata?.finalizers?.includes(deleteProtection) ?? false;
  const isFree = remaining.length === 0 && isFinal;
  if (!isGone && !(isFree && claim.metadata?.deletionTimestamp !== undefined)) return;
  const next = {
    ...status,
    ...(isFree || allocation === undefined ? {} : { allocation }),
    ...(remaining.length === 0 ? {} : { reservedFor: [...remaining] }),
  };
  const hasChanged = isGone || (isFree && allocation !== undefined);
  const freed = hasChanged ? await updateStatus(loop, { ...claim, status: next }) : claim;
  if (isFinal && freed.status?.allocation === undefined) await removeFinalizer(loop, freed);
}

/** A generated claim goes when its pod is done. */
async function deleteUnused(loop: Loop, claim: Readonly<ResourceClaim>): Promise<void> {
  const { namespace = '', name: claimName = '', deletionTimestamp } = claim.metadata ?? {};
  const owner = owningPod(claim);
  if (owner === undefined || deletionTimestamp !== undefined) return;
  const pod = loop.pods.get(`${namespace}/${owner.name}`);
  // A pod that is not known may only be new; the garbage collector sees to claims of pods that have gone.
  if (pod === undefined || (pod.metadata?.uid === owner.uid && !isPodDone(pod))) return;
  await unlessMissing(loop.context.client.delete(resourceClaims, namespace, claimName));
}

async function removeFinalizer(loop: Loop, claim: Readonly<ResourceClaim>): Promise<void> {
  const { namespace = '', finalizers = [] } = claim.metadata ?? {};
  const kept = finalizers.filter((finalizer) => finalizer !== deleteProtection);
  const metadata = { ...claim.metadata, finalizers: kept };
  loop.claims.wrote(await loop.context.client.update(resourceClaims, namespace, { ...claim, metadata }));
}

async function isStillNeeded(loop: Loop, namespace: string, consumer: Consumer): Promise<boolean> {
  if ((consumer.apiGroup ?? '') !== '' || consumer.resource !== 'pods') return true;
  const known = loop.pods.get(`${namespace}/${consumer.name}`);
  if (known !== undefined) return known.metadata?.uid === consumer.uid && !isPodDone(known);
  const read = await unlessMissing(loop.context.client.get<Pod>(pods, namespace, consumer.name ?? ''));
  return read !== undefined && read.metadata?.uid === consumer.uid;
}

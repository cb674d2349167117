import { semanticEqual } from '../../../../api/equal.ts';
import { goQuote } from '../../../../api/go-text.ts';
import type { LabelSelector } from '../../../../api/object.ts';
import { isAlreadyExists, isNamespaceTerminating } from '../../../framework/status-cause.ts';
import { messageOf } from '../../../framework/thrown.ts';
import { controllerRef, isControlledBy } from '../../ownership.ts';
import { templateHash } from '../../template-hash.ts';
import { conditionOf } from './conditions.ts';
import {
  type Deployment,
  deploymentKind,
  hashLabel,
  hasProgressDeadline,
  type ReplicaSet,
  replicaSetResource,
} from './deployment.ts';
import { withProgressing } from './deployment-status.ts';
import { type DeploymentSync, note, writeReplicaSet, writeStatus } from './deployment-sync.ts';
import { isSameTemplate } from './replica-sets.ts';
import { currentAnnotations, maxRevision, revisionAnnotation, sizeAnnotations } from './revision-annotations.ts';
import { currentSize } from './scaling.ts';

const maxNameLength = 253;

/** Keeps the annotations, the revision and minReadySeconds of the current ReplicaSet, where there is one, as the Deployment has them. */
export async function keepCurrent(sync: DeploymentSync): Promise<void> {
  const { deployment, generations } = sync;
  const { current, old } = generations;
  if (current === undefined) return;
  const annotations = currentAnnotations(deployment, current.metadata?.annotations, maxRevision(old) + 1n);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const isKept = semanticEqual(annotations, current.metadata?.annotations);
  if (!isKept || (current.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
    await writeReplicaSet(sync, {
      ...current,
      metadata: { ...current.metadata, annotations },
      spec: { ...current.spec, selector: current.spec?.selector ?? {}, minReadySeconds },
    });
    return;
  }
  const revision = current.metadata?.annotations?.[revisionAnnotation] ?? '';
  const isNoted = setRevision(sync, revision);
  const isFound =
    hasProgressDeadline(deployment) && conditionOf(deployment.status?.conditions, 'Progressing') === undefined;
  if (!isNoted && !isFound) return;
  const message = `Found new replica set ${goQuote(current.metadata?.name ?? '')}`;
  const { status = {} } = sync.deployment;
  const now = sync.context.clock.now();
  await writeStatus(
    sync,
    isFound ? withProgressing(status, true, { reason: 'FoundNewReplicaSet', message, now }) : status,
  );
}

/** Answers whether it is another one; the next write of the status carries it. */
function setRevision(sync: DeploymentSync, revision: string): boolean {
  const { deployment } = sync;
  if (deployment.metadata?.annotations?.[revisionAnnotation] === revision) return false;
  const annotations = { ...deployment.metadata?.annotations, [revisionAnnotation]: revision };
  sync.deployment = { ...deployment, metadata: { ...deployment.metadata, annotations } };
  return true;
}

/** As `keepCurrent`, and makes the current ReplicaSet where there is none. */
export async function ensureCurrent(sync: DeploymentSync): Promise<ReplicaSet> {
  await keepCurrent(sync);
  const { current, old } = sync.generations;
  if (current !== undefined) return current;
  const { deployment, context } = sync;
  const revision = maxRevision(old) + 1n;
  const wanted = newReplicaSet(deployment, old, revision);
  const { namespace = '', name = '' } = wanted.metadata ?? {};
  let made: ReplicaSet;
  let isNew = true;
  try {
    made = await context.client.create(replicaSetResource, namespace, wanted);
  } catch (error) {
    if (!isAlreadyExists(error)) return refuse(sync, name, error);
    const present = await context.client.get<ReplicaSet>(replicaSetResource, namespace, name);
    if (!isControlledBy(present, deployment) || !isSameTemplate(present.spec?.template, deployment.spec?.template)) {
      return collide(sync, error);
    }
    made = present;
    isNew = false;
  }
  sync.generations = { current: made, old };
  const size = made.spec?.replicas ?? 0;
  if (isNew && size > 0) {
    note(sync, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${made.metadata?.name} from 0 to ${size}`);
  }
  const isNoted = setRevision(sync, String(revision));
  const { status = {} } = sync.deployment;
  const now = context.clock.now();
  const message = `Created new replica set ${goQuote(made.metadata?.name ?? '')}`;
  if (isNew && hasProgressDeadline(deployment)) {
    await writeStatus(sync, withProgressing(status, true, { reason: 'NewReplicaSetCreated', message, now }));
  } else if (isNoted) await writeStatus(sync, status);
  return made;
}

function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[], revision: bigint): ReplicaSet {
  const { metadata = {}, spec, status } = deployment;
  const template = spec?.template ?? {};
  const hash = templateHash(template, status?.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const name = metadata.name ?? '';
  const minReadySeconds = spec?.minReadySeconds ?? 0;
  return {
    metadata: {
      name: `${name.slice(0, maxNameLength - 1 - hash.length)}-${hash}`,
      namespace: metadata.namespace ?? '',
      ownerReferences: [controllerRef(deployment, deploymentKind)],
      labels,
      annotations: { ...currentAnnotations(deployment, undefined, revision), ...sizeAnnotations(deployment) },
    },
    spec: {
      replicas: currentSize(deployment, old, 0),
      ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
      selector: withHash(spec?.selector ?? {}, hash),
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

function withHash(selector: Readonly<LabelSelector>, hash: string): LabelSelector {
  return { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } };
}

/** Another object has the name: the next hash, salted with the count, is another one. */
async function collide(sync: DeploymentSync, error: unknown): Promise<never> {
  const { status = {} } = sync.deployment;
  await writeStatus(sync, { ...status, collisionCount: (status.collisionCount ?? 0) + 1 });
  throw error;
}

async function refuse(sync: DeploymentSync, name: string, error: unknown): Promise<never> {
  if (isNamespaceTerminating(error)) throw error;
  const reason = 'ReplicaSetCreateError';
  const message = `Failed to create new replica set ${goQuote(name)}: ${messageOf(error)}`;
  if (hasProgressDeadline(sync.deployment)) {
    const { status = {} } = sync.deployment;
    const now = sync.context.clock.now();
    // What is thrown below is the greater trouble.
    await writeStatus(sync, withProgressing(status, false, { reason, message, now })).catch(() => undefined);
  }
  note(sync, 'Warning', reason, message);
  throw error;
}

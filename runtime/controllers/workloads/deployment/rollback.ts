import { goQuote } from '../../../../api/go-text.ts';
import { ensureCurrent } from './current-replica-set.ts';
import { type Deployment, deploymentResource, type ReplicaSet } from './deployment.ts';
import { type DeploymentSync, note } from './deployment-sync.ts';
import { allOf, isSameTemplate, withoutHash } from './replica-sets.ts';
import { annotationsBackFrom, lastRevision, revisionOf, rollbackAnnotation } from './revision-annotations.ts';

/** The revision that the annotation of old clients asks to go back to; 0 for the last one. */
export function rollbackTarget({ metadata }: Deployment): bigint | undefined {
  const text = metadata?.annotations?.[rollbackAnnotation];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? BigInt(text) : undefined;
}

/** Puts an old template back, and takes the request away whatever comes of it. */
export async function rollBack(sync: DeploymentSync, target: bigint): Promise<void> {
  await ensureCurrent(sync);
  const all = allOf(sync.generations);
  const revision = target === 0n ? lastRevision(all) : target;
  if (revision === 0n) {
    note(sync, 'Warning', 'DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
    await clear(sync);
    return;
  }
  const set = all.find((candidate) => revisionOf(candidate) === revision);
  if (set === undefined) {
    note(sync, 'Warning', 'DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
    await clear(sync);
    return;
  }
  const name = goQuote(sync.deployment.metadata?.name ?? '');
  if (isSameTemplate(set.spec?.template, sync.deployment.spec?.template)) {
    const message = `The rollback revision contains the same template as current deployment ${name}`;
    note(sync, 'Warning', 'DeploymentRollbackTemplateUnchanged', message);
    await clear(sync);
    return;
  }
  await clear(sync, set);
  note(sync, 'Normal', 'DeploymentRollback', `Rolled back deployment ${name} to revision ${revision}`);
}

async function clear(sync: DeploymentSync, back?: ReplicaSet): Promise<void> {
  const { deployment, context } = sync;
  const before = back === undefined ? { ...deployment.metadata?.annotations } : annotationsBackFrom(back, deployment);
  const { [rollbackAnnotation]: _, ...annotations } = before;
  const template = back === undefined ? deployment.spec?.template : withoutHash(back.spec?.template);
  sync.deployment = await context.client.update(deploymentResource, deployment.metadata?.namespace ?? '', {
    ...deployment,
    metadata: { ...deployment.metadata, annotations },
    spec: { ...deployment.spec, selector: deployment.spec?.selector ?? {}, template: template ?? {} },
  });
}

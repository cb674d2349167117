import { FieldPath, invalid } from '../../api/field-error.ts';
import type { Api, KubeObject } from '../../api/object.ts';
import { badRequest, invalidError, StatusError } from '../../api/status.ts';
import { admitAll } from '../registry/context.ts';
import { checkPreconditions, type DeleteOptions, deleteObject } from '../registry/delete.ts';
import type { StoredResource } from '../registry/resource.ts';
import { rewriteObject } from '../registry/rewrite.ts';
import { assignPod, type Binding, checkBinding } from '../resources/core/pod-binding.ts';
import {
  budgetStillProcessed,
  decideEviction,
  type EvictionDecision,
  type PodDisruptionBudget,
  withEvictionCondition,
} from '../resources/core/pod-eviction.ts';
import { toDeleteOptions } from './handlers/delete.ts';
import {
  type ApiDeps,
  type ResourceCall,
  readBodyOf,
  renderingOf,
  respond,
  writeRequestOf,
} from './handlers/handler.ts';
import { findEntry } from './handlers/read.ts';
import type { ApiResponse } from './message.ts';
import type { ResourceHandler } from './pipeline.ts';
import { writeOptions } from './query.ts';
import { renderAny } from './render.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Eviction = Api<'io.k8s.api.policy.v1.Eviction'>;

const bindingKind = { group: '', version: 'v1', kind: 'Binding' };
const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };

function success(deps: ApiDeps, call: ResourceCall): ApiResponse {
  const rendering = renderingOf(deps, call);
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return respond(call, 201, renderAny(status, { ...rendering, form: { ...rendering.form, as: 'object' } }), rendering);
}

/** POST of `pods/NAME/binding`, and of `bindings` where the body names the pod. */
export const bindPod: ResourceHandler = async (deps, call) => {
  const options = writeOptions(call.query, 'CreateOptions');
  const binding = await readBodyOf<Binding>(deps, call, bindingKind, options.fieldValidation);
  const { namespace } = call.info;
  const name = call.info.name === '' ? (binding.metadata?.name ?? '') : call.info.name;
  if ((binding.metadata?.namespace ?? namespace) !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const write = writeRequestOf(deps, call, {
    subresource: call.info.name === '' ? '' : 'binding',
    kind: bindingKind,
    name,
    dryRun: options.dryRun,
  });
  binding.metadata = { ...binding.metadata, namespace };
  await write.admission.mutate('CREATE', binding as KubeObject, undefined);
  checkBinding(binding, name);
  await write.admission.validate('CREATE', binding as KubeObject, undefined);
  const pods = deps.resources.stored('pods') as StoredResource;
  const now = deps.registry.clock.now();
  const assign = (pod: Readonly<Pod>): Pod => assignPod(pod, binding, now);
  if (options.dryRun) assign(pods.cache.objectOf(findEntry(pods, namespace, name)) as Pod);
  else await rewriteObject<Pod>(deps.registry, pods, { namespace, name }, assign);
  return success(deps, call);
};

/** POST of `pods/NAME/eviction`: a delete that asks the disruption budgets first. */
export const evictPod: ResourceHandler = async (deps, call) => {
  const options = writeOptions(call.query, 'CreateOptions');
  const eviction = await readBodyOf<Eviction>(deps, call, evictionKind, options.fieldValidation);
  const { namespace, name } = call.info;
  if ((eviction.metadata?.name ?? '') !== name) throw badRequest('name in URL does not match name in Eviction object');
  refuseDangerous(eviction, name);
  const deletionOptions = toDeleteOptions(eviction.deleteOptions ?? {});
  const dryRun = options.dryRun || deletionOptions.dryRun === true;
  const write = writeRequestOf(deps, call, { subresource: 'eviction', kind: evictionKind, name, dryRun });
  eviction.metadata = { ...eviction.metadata, namespace };
  await write.admission.mutate('CREATE', eviction as KubeObject, undefined);
  await write.admission.validate('CREATE', eviction as KubeObject, undefined);
  for (let tries = 1; !(await tryEviction(deps, call, { ...deletionOptions, dryRun }, tries)); tries++);
  return success(deps, call);
};

function refuseDangerous({ deleteOptions }: Eviction, name: string): void {
  const field = 'ignoreStoreReadErrorWithClusterBreakingPotential';
  if (deleteOptions?.[field] !== true) return;
  const why = 'can not be set for pod eviction, try after removing the option';
  throw invalidError(evictionKind, name, [invalid(FieldPath.of('deleteOptions', field), true, why)]);
}

/** How often a pod that changes meanwhile is looked at anew. */
const maxEvictionTries = 20;

/** False: the pod changed after it was decided about, and nobody asked for a certain version of it. */
async function tryEviction(deps: ApiDeps, call: ResourceCall, options: DeleteOptions, tries: number): Promise<boolean> {
  const { namespace, name } = call.info;
  const dryRun = options.dryRun === true;
  const pods = deps.resources.stored('pods') as StoredResource;
  const pod = pods.cache.objectOf(findEntry(pods, namespace, name)) as Readonly<Pod>;
  const decision = await takeFromBudget(deps, pod, { namespace, dryRun });
  const isPinned = decision.pinsVersion && options.preconditions?.resourceVersion === undefined;
  const preconditions = isPinned
    ? { ...options.preconditions, resourceVersion: pod.metadata?.resourceVersion ?? '' }
    : options.preconditions;
  try {
    await disruptAndDelete(deps, call, pods, { ...options, ...(preconditions === undefined ? {} : { preconditions }) });
    return true;
  } catch (error) {
    if (!isPinned || !(error instanceof StatusError) || error.reason !== 'Conflict') throw error;
    if (decision.budgetName !== undefined) throw budgetStillProcessed(decision.budgetName);
    if (tries >= maxEvictionTries) throw error;
    return false;
  }
}

/** The pod says why it goes, then it is deleted. */
async function disruptAndDelete(
  deps: ApiDeps,
  call: ResourceCall,
  pods: StoredResource,
  options: DeleteOptions,
): Promise<void> {
  const { namespace, name } = call.info;
  const dryRun = options.dryRun === true;
  const now = deps.registry.clock.now();
  let { preconditions } = options;
  if (!dryRun) {
    await rewriteObject<Pod>(deps.registry, pods, { namespace, name }, (old) => {
      checkPreconditions(pods, name, old.metadata ?? {}, options);
      return withEvictionCondition(old, now);
    });
    // That was this request's own write.
    const { resourceVersion = '' } = pods.cache.objectOf(findEntry(pods, namespace, name)).metadata ?? {};
    if (preconditions?.resourceVersion !== undefined) preconditions = { ...preconditions, resourceVersion };
  }
  // The eviction was admitted; its deletion is not asked about.
  const deletion = { ...writeRequestOf(deps, call, { subresource: '', name, dryRun }), admission: admitAll };
  const deleteOptions = { ...options, ...(preconditions === undefined ? {} : { preconditions }) };
  await deleteObject(deps.registry, pods, name, deleteOptions, deletion);
}

/** Decides, and writes down in the budget that one disruption was used; decides anew when the budget changed meanwhile. */
async function takeFromBudget(
  deps: ApiDeps,
  pod: Readonly<Pod>,
  options: { readonly namespace: string; readonly dryRun: boolean },
): Promise<EvictionDecision> {
  const stored = deps.resources.stored('poddisruptionbudgets.policy') as StoredResource;
  const budgets = (): PodDisruptionBudget[] =>
    [...stored.cache.entries.range(`${stored.prefix}${options.namespace}/`)].map(
      (entry) => stored.cache.objectOf(entry) as PodDisruptionBudget,
    );
  const now = deps.registry.clock.now();
  const decide = (): ReturnType<typeof decideEviction> =>
    decideEviction(pod, budgets(), { now, dryRun: options.dryRun });
  const first = decide();
  if (first.budget === undefined) return first;
  const name = first.budget.metadata?.name ?? '';
  const at = { namespace: options.namespace, name, managedAt: 'status' };
  await rewriteObject<PodDisruptionBudget>(deps.registry, stored, at, (old) => {
    const again = decide();
    if (again.budget === undefined) throw budgetStillProcessed(name);
    return { ...old, status: again.budget.status };
  });
  return first;
}

import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid } from '../../../api/field-error.ts';
import { keepMetadata } from './kept-fields.ts';
import { mirrorAnnotation } from './pod-annotations.ts';
import { validateMetadata, validatePodContent } from './pod-create.ts';
import { podOptionsFrom } from './pod-options-from-old.ts';
import { podQOSClass } from './pod-qos.ts';
import type { Container, Pod, PodSpec, ResourceList, ResourceRequirements } from './pod-types.ts';
import { quantities } from './resource-requirements-list.ts';

/** Upstream's path of a pod as a whole prints like an empty key. */
const root = FieldPath.of('').key('');
const specPath = FieldPath.of('spec');
const immutable = 'only cpu and memory resources are mutable';

function sameNames(containers: readonly Container[] = [], old: readonly Container[] = []): boolean {
  return containers.length === old.length && containers.every(({ name }, i) => name === old[i]?.name);
}

function withResources(
  containers: readonly Container[] | undefined,
  old: readonly Container[] | undefined,
): Container[] {
  if (!sameNames(containers, old)) return [...(containers ?? [])];
  return (old ?? []).map((container, i) => {
    const { resources: _, resizePolicy: __, ...kept } = container;
    const { resources, resizePolicy } = containers?.[i] ?? {};
    return { ...kept, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) };
  });
}

/** Only resources and resize policies pass; with other containers nothing is dropped, so that validation can say so. */
export function prepareResize(pod: Pod, old: Readonly<Pod>): void {
  const { spec = {} } = pod;
  const oldSpec = old.spec ?? {};
  const counts = (one: readonly Container[] = [], other: readonly Container[] = []): boolean =>
    one.length === other.length;
  if (!counts(spec.containers, oldSpec.containers) || !counts(spec.initContainers, oldSpec.initContainers)) return;
  const { resources: _, ...kept } = oldSpec;
  pod.spec = { ...kept, ...(spec.resources && { resources: spec.resources }) };
  if (oldSpec.containers !== undefined) pod.spec.containers = withResources(spec.containers, oldSpec.containers);
  if (oldSpec.initContainers !== undefined) {
    pod.spec.initContainers = withResources(spec.initContainers, oldSpec.initContainers);
  }
  if (old.status !== undefined) pod.status = old.status;
  keepMetadata(pod, old);
}

export function validateResize(pod: Readonly<Pod>, old: Readonly<Pod>): FieldErrors {
  const { spec = {} } = pod;
  const oldSpec = old.spec ?? {};
  if (old.metadata?.annotations?.[mirrorAnnotation] !== undefined)
    return [forbidden(root, 'static pods cannot be resized')];
  if (oldSpec.os?.name === 'windows') return [forbidden(root, 'windows pods cannot be resized')];
  const errors: FieldErrors = [];
  validateMetadata(pod, errors);
  validatePodContent(pod, errors, podOptionsFrom(oldSpec, old.metadata?.annotations, true));
  if ((old.status?.qosClass || podQOSClass(oldSpec)) !== podQOSClass(spec)) {
    const detail = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalid(specPath, pod.status?.qosClass ?? '', detail));
  }
  const running = (old.status?.containerStatuses ?? []).find(({ state }) => state?.running !== undefined);
  if (running !== undefined && running.resources === undefined) {
    errors.push(forbidden(specPath, 'Pod running on node without support for resize'));
  }
  const rest: PodSpec = { ...spec };
  if (hasResources(spec) || hasResources(oldSpec)) validatePodResources(rest, spec, oldSpec, errors);
  if ((old.status?.nodeAllocatableResourceClaimStatuses ?? []).length > 0) {
    errors.push(forbidden(specPath, 'pods with node allocatable resource claims cannot be resized'));
  }
  if (!validateOrder(spec, oldSpec, errors)) return errors;
  validateRemovals(spec, oldSpec, errors);
  rest.containers = restored(spec, oldSpec, 'containers', errors);
  if (spec.initContainers !== undefined) rest.initContainers = restored(spec, oldSpec, 'initContainers', errors);
  if (errors.length === 0 && !semanticEqual(rest, oldSpec)) errors.push(forbidden(specPath, immutable));
  return errors;
}

function hasResources({ resources }: Readonly<PodSpec>): boolean {
  return Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0;
}

function removed(list: object | undefined, old: object | undefined): boolean {
  const names = Object.keys(list ?? {});
  return Object.keys(old ?? {}).some((name) => !names.includes(name));
}

/** The list with the old cpu and memory: what still differs may not be changed. */
function withOldCompute(list: ResourceList | undefined, old: ResourceList | undefined): ResourceList {
  const { cpu: _, memory: __, ...others } = list ?? {};
  const result: ResourceList = others;
  for (const name of ['cpu', 'memory']) {
    const amount = old?.[name];
    if (amount !== undefined) result[name] = amount;
  }
  return result;
}

function undone(
  resources: Readonly<ResourceRequirements> | undefined,
  old: Readonly<ResourceRequirements> | undefined,
): ResourceRequirements {
  return {
    limits: withOldCompute(quantities(resources?.limits), quantities(old?.limits)),
    requests: withOldCompute(quantities(resources?.requests), quantities(old?.requests)),
  };
}

function validatePodResources(
  rest: PodSpec,
  spec: Readonly<PodSpec>,
  old: Readonly<PodSpec>,
  errors: FieldErrors,
): void {
  const path = specPath.child('resources');
  if (old.resources !== undefined && spec.resources === undefined) {
    errors.push(forbidden(path, 'pod-level resources cannot be removed'));
    return;
  }
  for (const list of ['requests', 'limits'] as const) {
    if (removed(spec.resources?.[list], old.resources?.[list])) {
      errors.push(forbidden(path.child(list), `pod-level resource ${list} cannot be removed`));
    }
  }
  const undoneResources = undone(spec.resources, old.resources);
  const left = Object.keys(undoneResources.limits ?? {}).length + Object.keys(undoneResources.requests ?? {}).length;
  // Where the pod had none, cpu and memory may come.
  if (old.resources === undefined && left === 0) delete rest.resources;
  else rest.resources = undoneResources;
  if (!semanticEqual(rest.resources, old.resources)) {
    errors.push(forbidden(specPath, 'only cpu and memory resources are mutable at pod-level'));
  }
}

function validateOrder(spec: Readonly<PodSpec>, old: Readonly<PodSpec>, errors: FieldErrors): boolean {
  const before = errors.length;
  for (const field of ['containers', 'initContainers'] as const) {
    const [containers, oldContainers] = [spec[field] ?? [], old[field] ?? []];
    if (containers.length !== oldContainers.length) {
      errors.push(forbidden(specPath.child(field), `${field} may not be added or removed on resize`));
      continue;
    }
    for (const [i, container] of oldContainers.entries()) {
      if (containers[i]?.name === container.name) continue;
      const detail = `${field} may not be renamed or reordered on resize`;
      errors.push(forbidden(specPath.child(field).index(i).child('name'), detail));
    }
  }
  return errors.length === before;
}

function validateRemovals(spec: Readonly<PodSpec>, old: Readonly<PodSpec>, errors: FieldErrors): void {
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [i, { resources: before }] of (old[field] ?? []).entries()) {
      const now = spec[field]?.[i]?.resources;
      const path = specPath.child(field).index(i).child('resources');
      if (removed(now?.requests, before?.requests))
        errors.push(forbidden(path.child('requests'), 'resource requests cannot be removed'));
      if (removed(now?.limits, before?.limits))
        errors.push(forbidden(path.child('limits'), 'resource limits cannot be removed'));
    }
  }
}

function restored(
  spec: Readonly<PodSpec>,
  old: Readonly<PodSpec>,
  field: 'containers' | 'initContainers',
  errors: FieldErrors,
): Container[] {
  return (spec[field] ?? []).map((container, i) => {
    const before = old[field]?.[i] ?? {};
    const result = { ...container, resources: undone(container.resources, before.resources) };
    const path = specPath.child('initContainers').index(i);
    if (!semanticEqual(result, before)) {
      const initDetail = 'only cpu and memory resources for init or sidecar containers are mutable';
      errors.push(field === 'containers' ? forbidden(specPath, immutable) : forbidden(path, initDetail));
    }
    const restarts = (container.resizePolicy ?? []).some(({ restartPolicy }) => restartPolicy === 'RestartContainer');
    if (
      field === 'initContainers' &&
      container.restartPolicy !== 'Always' &&
      restarts &&
      !semanticEqual(container, before)
    ) {
      const detail = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
      errors.push(forbidden(path, detail));
    }
    return result;
  });
}

import type { Api } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission, isPodRequest } from '../plugin.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;
type PriorityClass = Api<'io.k8s.api.scheduling.v1.PriorityClass'>;

const classes = 'priorityclasses.scheduling.k8s.io';

/** Resolves the class of a pod to a number, and lets one class at most be the default. */
export function createPriorityAdmission(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: (request) =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') &&
      (isPodRequest(request) || isClassRequest(request)),
    mutate(request) {
      const spec = isPodRequest(request) ? (request.object as Pod | undefined)?.spec : undefined;
      if (spec === undefined) return;
      if (request.operation === 'CREATE') prioritise(request, spec, reader);
      else keepPriority(spec, (request.oldObject as Readonly<Pod> | undefined)?.spec);
    },
    validate(request) {
      if (isClassRequest(request)) requireOneDefault(request, reader);
    },
  };
}

function isClassRequest({ group, resource, subresource }: AdmissionRequest): boolean {
  return resource === 'priorityclasses' && group === 'scheduling.k8s.io' && subresource === '';
}

/** Writers that do not know of them do not clear them. */
function keepPriority(spec: PodSpec, old: Readonly<PodSpec> | undefined): void {
  if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority;
  if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = old.preemptionPolicy;
  }
}

function defaultClass(reader: ClusterReader): Readonly<PriorityClass> | undefined {
  let lowest: Readonly<PriorityClass> | undefined;
  for (const candidate of reader.list<PriorityClass>(classes)) {
    if (candidate.globalDefault !== true) continue;
    if (lowest === undefined || (lowest.value ?? 0) > (candidate.value ?? 0)) lowest = candidate;
  }
  return lowest;
}

function prioritise(request: AdmissionRequest, spec: PodSpec, reader: ClusterReader): void {
  const given = spec.priorityClassName;
  const found = given ? reader.get<PriorityClass>(classes, '', given) : defaultClass(reader);
  if (given && found === undefined)
    throw forbiddenByAdmission(request, `no PriorityClass with name ${given} was found`);
  if (!given && found?.metadata?.name !== undefined) spec.priorityClassName = found.metadata.name;
  const priority = found?.value ?? 0;
  const by = 'priority admission controller computed';
  if (spec.priority !== undefined && spec.priority !== priority) {
    const what = `the integer value of priority (${spec.priority}) must not be provided in pod spec`;
    throw forbiddenByAdmission(request, `${what}; ${by} ${priority} from the given PriorityClass name`);
  }
  spec.priority = priority;
  const policy = found === undefined ? 'PreemptLowerPriority' : found.preemptionPolicy;
  if (policy === undefined) return;
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    const what = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec`;
    throw forbiddenByAdmission(request, `${what}; ${by} ${policy} from the given PriorityClass name`);
  }
  spec.preemptionPolicy = policy;
}

function requireOneDefault(request: AdmissionRequest, reader: ClusterReader): void {
  const object = request.object as PriorityClass | undefined;
  const present = object?.globalDefault === true ? defaultClass(reader)?.metadata?.name : undefined;
  if (present === undefined || (request.operation === 'UPDATE' && present === object?.metadata?.name)) return;
  throw forbiddenByAdmission(
    request,
    `PriorityClass ${present} is already marked as default. Only one default can exist`,
  );
}

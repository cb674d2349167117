import { semanticEqual } from '../../../api/equal.ts';
import type { Api } from '../../../api/object.ts';
import { forbiddenError, invalidError, StatusError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts';
import { checkedPod, plural } from '../pod-security/check.ts';
import { violations, violationText } from '../pod-security/evaluate.ts';
import { compareLevels, isSame, type LevelVersion, levelText, policyOf } from '../pod-security/policy.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;
type PodTemplate = Api<'io.k8s.api.core.v1.PodTemplateSpec'>;
type PodTemplateHolder = Api<'io.k8s.api.core.v1.PodTemplate'> & {
  spec?: { template?: PodTemplate; jobTemplate?: { spec?: { template?: PodTemplate } } };
};

/** Subresources of a pod that change nothing of what it may do. */
const harmless: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);
/** Where the template of a workload stands: itself, in its spec, or in the spec of its jobs. */
const templates: Readonly<Record<string, (object: PodTemplateHolder) => PodTemplate | undefined>> = {
  podtemplates: ({ template }) => template,
  replicationcontrollers: templateInSpec,
  'replicasets.apps': templateInSpec,
  'deployments.apps': templateInSpec,
  'statefulsets.apps': templateInSpec,
  'daemonsets.apps': templateInSpec,
  'jobs.batch': templateInSpec,
  'cronjobs.batch': ({ spec }) => spec?.jobTemplate?.spec?.template,
};
/** A namespace's existing pods are looked at up to here. */
const maxPodsToCheck = 3000;

function templateInSpec({ spec }: PodTemplateHolder): PodTemplate | undefined {
  return spec?.template;
}

function qualified({ group, resource }: AdmissionRequest): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** Holds pods to the level that their namespace's labels name, and warns of workloads whose pods would not pass. */
export function createPodSecurity(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    handles: (request) => {
      const { operation, subresource } = request;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
      const name = qualified(request);
      if (name === 'pods') return subresource === '' || !harmless.has(subresource);
      return subresource === '' && (name === 'namespaces' || templates[name] !== undefined);
    },
    validate(request) {
      const name = qualified(request);
      if (name === 'namespaces') validateNamespace(request, reader);
      else if (name === 'pods') validatePod(request, reader);
      else warnOfTemplate(request, reader, templates[name]?.((request.object ?? {}) as PodTemplateHolder));
    },
  };
}

function validateNamespace(request: AdmissionRequest, reader: ClusterReader): void {
  const { object, oldObject, operation, group, kind, name } = request;
  const { policy, errors } = policyOf(object?.metadata?.labels);
  const old = policyOf(oldObject?.metadata?.labels);
  if (errors.length > 0 && (operation === 'CREATE' || !semanticEqual(errors, old.errors))) {
    throw invalidError({ group, kind }, name, errors);
  }
  const [wanted, before] = [policy.enforce, old.policy.enforce];
  if (operation === 'CREATE' || isSame(wanted, before) || wanted.level === 'privileged') return;
  if (wanted.minor === before.minor && compareLevels(wanted.level, before.level) < 1) return;
  for (const warning of existingPodWarnings(name, wanted, reader)) request.warn?.(warning);
}

/** One line for each combination of reasons, with the first pod by name. */
function existingPodWarnings(namespace: string, enforce: LevelVersion, reader: ClusterReader): string[] {
  const pods = oneOfEachControllerFirst(reader.list<Pod>('pods', namespace));
  const byReasons = new Map<string, string[]>();
  for (const { metadata, spec = {} } of pods.slice(0, maxPodsToCheck)) {
    const found = violations(checkedPod(metadata?.annotations, spec), enforce);
    if (found.length === 0) continue;
    const reasons = found.map(({ reason }) => reason).join(', ');
    byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), metadata?.name ?? '']);
  }
  const lines = [...byReasons].map(([reasons, names]) => {
    const [first = '', ...others] = names.sort();
    const more = others.length === 0 ? '' : ` (and ${others.length} other ${plural(others.length, 'pod')})`;
    return { reasons, text: `${first}${more}: ${reasons}` };
  });
  const level = levelText(enforce);
  return [
    ...(pods.length > maxPodsToCheck
      ? [
          `new PodSecurity enforce level only checked against the first ${maxPodsToCheck} of ${pods.length} existing pods`,
        ]
      : []),
    ...(lines.length > 0
      ? [
          `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(level)}`,
        ]
      : []),
    ...lines.map(({ text }) => text).sort(),
  ];
}

function oneOfEachControllerFirst(pods: readonly Readonly<Pod>[]): readonly Readonly<Pod>[] {
  if (pods.length <= maxPodsToCheck) return pods;
  const seen = new Set<string>();
  const [first, duplicates]: [Readonly<Pod>[], Readonly<Pod>[]] = [[], []];
  for (const pod of pods) {
    const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (owner !== undefined && seen.has(owner)) duplicates.push(pod);
    else first.push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...duplicates];
}

function validatePod(request: AdmissionRequest, reader: ClusterReader): void {
  const { namespace, group, resource, name } = request;
  const found = reader.get<Namespace>('namespaces', '', namespace);
  if (found === undefined)
    throw new StatusError(
      'InternalError',
      `Internal error occurred: failed to lookup namespace ${JSON.stringify(namespace)}`,
    );
  const { policy, errors } = policyOf(found.metadata?.labels);
  const { enforce, audit, warn } = policy;
  if (errors.length === 0 && [enforce, audit, warn].every(({ level }) => level === 'privileged')) return;
  const { metadata, spec = {} }: Readonly<Pod> = request.object ?? {};
  const old: Readonly<Pod> | undefined = request.oldObject;
  if (request.operation === 'UPDATE' && !changesImages(spec, old?.spec ?? {})) return;
  const pod = checkedPod(metadata?.annotations, spec);
  const forbidden = violations(pod, enforce);
  if (forbidden.length > 0) {
    const why = `violates PodSecurity ${JSON.stringify(levelText(enforce))}: ${violationText(forbidden)}`;
    throw forbiddenError({ group, resource }, name, why);
  }
  if (!isSame(warn, enforce)) warnAbout(request, metadata?.annotations, spec, warn);
}

function warnOfTemplate(request: AdmissionRequest, reader: ClusterReader, template: PodTemplate | undefined): void {
  const { metadata }: Readonly<Namespace> = reader.get<Namespace>('namespaces', '', request.namespace) ?? {};
  const { warn } = policyOf(metadata?.labels).policy;
  if (warn.level === 'privileged' || template === undefined) return;
  warnAbout(request, template.metadata?.annotations, template.spec ?? {}, warn);
}

function warnAbout(
  request: AdmissionRequest,
  annotations: Record<string, string> | undefined,
  spec: Readonly<PodSpec>,
  warn: LevelVersion,
): void {
  const found = violations(checkedPod(annotations, spec), warn);
  if (found.length === 0) return;
  request.warn?.(`would violate PodSecurity ${JSON.stringify(levelText(warn))}: ${violationText(found)}`);
}

/** Other changes to a running pod cannot make it more dangerous. */
function changesImages(spec: Readonly<PodSpec>, old: Readonly<PodSpec>): boolean {
  for (const list of ['containers', 'initContainers'] as const) {
    const [now, before] = [spec[list] ?? [], old[list] ?? []];
    if (now.length !== before.length || now.some(({ image }, i) => image !== before[i]?.image)) return true;
  }
  const known = new Map((old.ephemeralContainers ?? []).map(({ name, image }) => [name, image]));
  return (spec.ephemeralContainers ?? []).some(({ name, image }) => !known.has(name) || known.get(name) !== image);
}

import { semanticEqual } from '../../../api/equal.ts';
import { FieldPath } from '../../../api/field-error.ts';
import { ipWarnings } from '../../../api/ip.ts';
import { isDNS1123Label } from '../../../api/names.ts';
import type { ObjectMeta } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { nodeLabelDeprecation } from './node-selector.ts';
import { appArmorPrefix, containerSeccompPrefix, podSeccompAnnotation } from './pod-annotations.ts';
import type { Pod, PodSpec, ResourceRequirements } from './pod-types.ts';
import { affinityWarnings, nodeAffinityWarnings, spreadWarnings } from './pod-warnings-placement.ts';
import { portWarnings } from './pod-warnings-ports.ts';
import { volumeWarnings } from './pod-warnings-volumes.ts';
import { appArmorFromAnnotation } from './security-context-profiles.ts';

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const noSeccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const noAppArmor = 'deprecated since v1.30; use the "appArmorProfile" field instead';

function join(path: FieldPath | undefined, rest: string): string {
  const prefix = path === undefined ? '' : path.toString();
  return prefix === '' ? rest : `${prefix}.${rest}`;
}

export function podWarnings(pod: Readonly<Pod>): readonly string[] {
  const warnings: string[] = [];
  const messages = isDNS1123Label(pod.metadata?.name ?? '');
  if (messages.length > 0) {
    const why =
      "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    warnings.push(`metadata.name: ${why}: [${messages.join(' ')}]`);
  }
  return [...warnings, ...warningsForPodSpec(pod.spec ?? {}, pod.metadata ?? {}, undefined)];
}

/** `path` is the template's; a pod has none. */
export function warningsForPodSpec(
  spec: Readonly<PodSpec>,
  metadata: Readonly<ObjectMeta>,
  path: FieldPath | undefined,
): string[] {
  const at = (rest: string): string => join(path, rest);
  const annotations = metadata.annotations ?? {};
  const warnings: string[] = [];
  for (const key in spec.nodeSelector) {
    const message = nodeLabelDeprecation(key);
    if (message !== undefined) warnings.push(`${at(`spec.nodeSelector[${key}]`)}: ${message}`);
  }
  nodeAffinityWarnings(spec, at, warnings);
  spreadWarnings(spec, at, warnings);
  for (const key in deprecatedAnnotations) {
    if (annotations[key] !== undefined)
      warnings.push(`${at(`metadata.annotations[${key}]`)}: ${deprecatedAnnotations[key]}`);
  }
  volumeWarnings(spec, at, warnings);
  duplicateWarnings(spec, at, warnings);
  for (const resource of ['memory', 'ephemeral-storage']) {
    const amount = spec.overhead?.[resource];
    if (amount !== undefined) fractionWarning(String(amount), at(`spec.overhead[${resource}]`), warnings);
  }
  if (spec.securityContext?.seccompProfile === undefined && annotations[podSeccompAnnotation] !== undefined) {
    warnings.push(`${at(`metadata.annotations[${podSeccompAnnotation}]`)}: ${noSeccomp}`);
  }
  containerWarnings(spec, annotations, path !== undefined, at, warnings);
  portWarnings(spec, at, warnings);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const field = at('spec.terminationGracePeriodSeconds');
    warnings.push(`${field}: must be >= 0; negative values are invalid and will be treated as 1`);
  }
  affinityWarnings(spec, at, warnings);
  addressWarnings(spec, path, warnings);
  return warnings.length > 1 ? [...new Set(warnings)] : warnings;
}

type At = (rest: string) => string;

function duplicateWarnings(spec: Readonly<PodSpec>, at: At, warnings: string[]): void {
  const addresses = new Set<string>();
  for (const [i, { ip = '' }] of (spec.hostAliases ?? []).entries()) {
    if (addresses.has(ip)) warnings.push(`${at(`spec.hostAliases[${i}].ip`)}: duplicate ip ${JSON.stringify(ip)}`);
    addresses.add(ip);
  }
  const secrets = spec.imagePullSecrets ?? [];
  const names = new Set<string>();
  for (const [i, { name = '' }] of secrets.entries()) {
    if (names.has(name))
      warnings.push(`${at(`spec.imagePullSecrets[${i}].name`)}: duplicate name ${JSON.stringify(name)}`);
    names.add(name);
  }
  for (const [i, { name = '' }] of secrets.entries()) {
    if (name === '') warnings.push(`${at(`spec.imagePullSecrets[${i}].name`)}: invalid empty name ""`);
  }
}

function fractionWarning(amount: string, field: string, warnings: string[]): void {
  if (!/[mun]$/.test(amount) || parseQuantity(amount).milliValue() % 1000n === 0n) return;
  warnings.push(`${field}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`);
}

function resourceWarnings(resources: Readonly<ResourceRequirements>, path: string, warnings: string[]): void {
  for (const resource of ['memory', 'ephemeral-storage']) {
    for (const list of ['limits', 'requests'] as const) {
      const amount = resources[list]?.[resource];
      if (amount !== undefined) fractionWarning(String(amount), `${path}.resources.${list}[${resource}]`, warnings);
    }
  }
}

function containerWarnings(
  spec: Readonly<PodSpec>,
  annotations: Readonly<Record<string, string>>,
  isTemplate: boolean,
  at: At,
  warnings: string[],
): void {
  const podProfile = spec.securityContext?.appArmorProfile;
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
  for (const list of lists) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      const { name = '', securityContext, resources, env = [] } = container;
      const seccomp = containerSeccompPrefix + name;
      if (securityContext?.seccompProfile === undefined && annotations[seccomp] !== undefined) {
        warnings.push(`${at(`metadata.annotations[${seccomp}]`)}: ${noSeccomp}`);
      }
      const appArmor = annotations[appArmorPrefix + name];
      if (isTemplate && securityContext?.appArmorProfile === undefined && appArmor !== undefined) {
        const agrees = podProfile !== undefined && semanticEqual(podProfile, appArmorFromAnnotation(appArmor));
        if (!agrees) warnings.push(`${at(`metadata.annotations[${appArmorPrefix}${name}]`)}: ${noAppArmor}`);
      }
      if (resources !== undefined) resourceWarnings(resources, at(`spec.${list}[${i}]`), warnings);
      if (env.length > 1) envWarnings(env, at(`spec.${list}[${i}].env`), warnings);
    }
  }
}

type Env = NonNullable<NonNullable<PodSpec['containers']>[number]['env']>;

/** A variable may be set again from its own former value, not otherwise. */
function envWarnings(env: Env, path: string, warnings: string[]): void {
  const names = new Set<string>();
  for (const [i, { name = '', value = '', valueFrom }] of env.entries()) {
    const reference = `$(${name})`;
    const hides = valueFrom !== undefined || value === reference || !value.includes(reference);
    if (names.has(name) && hides) {
      const what = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
      warnings.push(`${path}[${i}]: ${what}`);
    }
    names.add(name);
  }
}

function addressWarnings(spec: Readonly<PodSpec>, path: FieldPath | undefined, warnings: string[]): void {
  const specPath = path === undefined ? FieldPath.of('spec') : path.child('spec');
  for (const [i, server] of (spec.dnsConfig?.nameservers ?? []).entries()) {
    warnings.push(...ipWarnings(specPath.child('dnsConfig', 'nameservers').index(i), server));
  }
  for (const [i, { ip = '' }] of (spec.hostAliases ?? []).entries()) {
    warnings.push(...ipWarnings(specPath.child('hostAliases').index(i).child('ip'), ip));
  }
}

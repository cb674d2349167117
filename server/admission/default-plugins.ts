import type { Clock, Random } from '../../api/clock.ts';
import { goQuote } from '../../api/go-text.ts';
import type { ClusterReader, ClusterRewriter, ClusterWriter } from '../registry/strategy.ts';
import type { PermissionAuthorizer } from './authorizer.ts';
import { admissionOrder } from './chain.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { createAlwaysAdmit, createAlwaysDeny } from './plugins/always.ts';
import { createAlwaysPullImages } from './plugins/always-pull-images.ts';
import { createCertificateApproval, createCertificateSigning } from './plugins/certificate-approval.ts';
import { createCertificateSubjectRestriction } from './plugins/certificate-subject-restriction.ts';
import { createClusterTrustBundleAttest } from './plugins/cluster-trust-bundle-attest.ts';
import { createDefaultIngressClass } from './plugins/default-ingress-class.ts';
import { createDefaultStorageClass } from './plugins/default-storage-class.ts';
import { createDefaultTolerationSeconds, type TolerationSeconds } from './plugins/default-toleration-seconds.ts';
import { createDenyServiceExternalIPs } from './plugins/deny-service-external-ips.ts';
import { createEventRateLimit, type EventRateLimitConfiguration } from './plugins/event-rate-limit.ts';
import { createExtendedResourceToleration } from './plugins/extended-resource-toleration.ts';
import { createLimitPodHardAntiAffinityTopology } from './plugins/limit-pod-hard-anti-affinity-topology.ts';
import { createLimitRanger } from './plugins/limit-ranger.ts';
import { createNamespaceAutoProvision, createNamespaceExists } from './plugins/namespace-exists.ts';
import { createNamespaceLifecycle } from './plugins/namespace-lifecycle.ts';
import { createNodeDeclaredFeatureValidator } from './plugins/node-declared-features.ts';
import { createNodeRestriction } from './plugins/node-restriction.ts';
import {
  createOwnerReferencesPermissionEnforcement,
  type ResourceMapping,
} from './plugins/owner-references-permission-enforcement.ts';
import { createPersistentVolumeClaimResize } from './plugins/persistent-volume-claim-resize.ts';
import { createPodNodeSelector } from './plugins/pod-node-selector.ts';
import { createPodResizeValidator } from './plugins/pod-resize.ts';
import { createPodSecurity } from './plugins/pod-security.ts';
import { createPodTolerationRestriction } from './plugins/pod-toleration-restriction.ts';
import { createPodTopologyLabels } from './plugins/pod-topology-labels.ts';
import { createPriorityAdmission } from './plugins/priority.ts';
import { createResourceQuota } from './plugins/resource-quota.ts';
import { createRuntimeClassAdmission } from './plugins/runtime-class.ts';
import { createServiceAccountAdmission } from './plugins/service-account.ts';
import { createStorageObjectInUseProtection } from './plugins/storage-object-in-use-protection.ts';
import { createTaintNodesByCondition } from './plugins/taint-nodes-by-condition.ts';
import type { PolicyDeps } from './policy/deps.ts';
import { createMutatingAdmissionPolicy, createValidatingAdmissionPolicy } from './policy/plugin.ts';
import {
  createMutatingAdmissionWebhook,
  createValidatingAdmissionWebhook,
  type WebhookDeps,
} from './webhook/plugin.ts';

export interface AdmissionDeps {
  readonly reader: ClusterReader;
  readonly writer: ClusterWriter;
  readonly rewriter: ClusterRewriter;
  readonly random: Random;
  readonly clock: Clock;
  readonly authorizer: PermissionAuthorizer;
  /** `--default-not-ready-toleration-seconds` and its sister; default 300. */
  readonly tolerationSeconds?: TolerationSeconds;
  /** Of `--admission-control-config-file`. */
  readonly eventRateLimit?: EventRateLimitConfiguration;
  /** Finds the resource of a kind, for references to owners. */
  mappingOf(apiVersion: string, kind: string): ResourceMapping | undefined;
  /** Absent: policies are not in force. */
  readonly policies?: PolicyDeps;
  /** Absent: webhooks are not called. */
  readonly webhooks?: WebhookDeps;
}

type Factory = (deps: AdmissionDeps) => AdmissionPlugin;

interface Registration {
  readonly create: Factory;
  /** Runs unless `--disable-admission-plugins` names it. */
  readonly byDefault: boolean;
}

function on(create: Factory): Registration {
  return { create, byDefault: true };
}

function off(create: Factory): Registration {
  return { create, byDefault: false };
}

const registrations: Readonly<Record<string, Registration>> = {
  AlwaysAdmit: off(createAlwaysAdmit),
  NamespaceAutoProvision: off(({ reader, writer }) => createNamespaceAutoProvision(reader, writer)),
  NamespaceLifecycle: on(({ reader }) => createNamespaceLifecycle(reader)),
  NamespaceExists: off(({ reader }) => createNamespaceExists(reader)),
  LimitPodHardAntiAffinityTopology: off(createLimitPodHardAntiAffinityTopology),
  LimitRanger: on(({ reader }) => createLimitRanger(reader)),
  ServiceAccount: on(createServiceAccountAdmission),
  NodeRestriction: off(createNodeRestriction),
  TaintNodesByCondition: on(createTaintNodesByCondition),
  AlwaysPullImages: off(createAlwaysPullImages),
  PodSecurity: on(({ reader }) => createPodSecurity(reader)),
  PodNodeSelector: off(({ reader }) => createPodNodeSelector(reader)),
  Priority: on(({ reader }) => createPriorityAdmission(reader)),
  DefaultTolerationSeconds: on(({ tolerationSeconds }) => createDefaultTolerationSeconds(tolerationSeconds)),
  PodTolerationRestriction: off(({ reader }) => createPodTolerationRestriction(reader)),
  EventRateLimit: off(({ eventRateLimit, clock }) => createEventRateLimit(eventRateLimit ?? {}, clock)),
  ExtendedResourceToleration: off(createExtendedResourceToleration),
  DefaultStorageClass: on(({ reader }) => createDefaultStorageClass(reader)),
  StorageObjectInUseProtection: on(createStorageObjectInUseProtection),
  OwnerReferencesPermissionEnforcement: off(createOwnerReferencesPermissionEnforcement),
  PersistentVolumeClaimResize: on(({ reader }) => createPersistentVolumeClaimResize(reader)),
  RuntimeClass: on(({ reader }) => createRuntimeClassAdmission(reader)),
  CertificateApproval: on(({ authorizer }) => createCertificateApproval(authorizer)),
  CertificateSigning: on(({ authorizer }) => createCertificateSigning(authorizer)),
  ClusterTrustBundleAttest: on(({ authorizer }) => createClusterTrustBundleAttest(authorizer)),
  CertificateSubjectRestriction: on(createCertificateSubjectRestriction),
  DefaultIngressClass: on(({ reader }) => createDefaultIngressClass(reader)),
  DenyServiceExternalIPs: off(createDenyServiceExternalIPs),
  PodTopologyLabels: on(({ reader }) => createPodTopologyLabels(reader)),
  NodeDeclaredFeatureValidator: on(({ reader }) => createNodeDeclaredFeatureValidator(reader)),
  PodResizeValidator: on(({ reader }) => createPodResizeValidator(reader)),
  MutatingAdmissionPolicy: on(createMutatingAdmissionPolicy),
  MutatingAdmissionWebhook: on(createMutatingAdmissionWebhook),
  ValidatingAdmissionPolicy: on(createValidatingAdmissionPolicy),
  ValidatingAdmissionWebhook: on(createValidatingAdmissionWebhook),
  ResourceQuota: on(createResourceQuota),
  AlwaysDeny: off(createAlwaysDeny),
};

/** On by default upstream, and known by name here, but without anything to do in what we serve. */
const inert: ReadonlySet<string> = new Set(['PodGroupProtection', 'PodGroupWorkloadExists', 'JobValidation']);

/** What `--enable-admission-plugins` and `--disable-admission-plugins` name. */
export interface PluginSelection {
  readonly enable: readonly string[];
  readonly disable: readonly string[];
}

/** Why a selection cannot be served, in the words of kube-apiserver; [] when it can. */
export function pluginSelectionErrors({ enable, disable }: PluginSelection): string[] {
  const unknown = (flag: string, names: readonly string[]): string[] =>
    names.filter((name) => !admissionOrder.includes(name)).map((name) => `${flag} plugin ${goQuote(name)} is unknown`);
  const both = [...new Set(enable)].filter((name) => disable.includes(name)).sort();
  return [
    ...unknown('enable-admission-plugins', enable),
    ...unknown('disable-admission-plugins', disable),
    ...(both.length > 0
      ? [`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`]
      : []),
    ...enable.filter(isMissing).map((name) => `enable-admission-plugins plugin ${goQuote(name)} is not available`),
  ];
}

function isMissing(name: string): boolean {
  return admissionOrder.includes(name) && !(name in registrations) && !inert.has(name);
}

/** Whether a plug-in runs: what is enabled by name, and what is on by default and not disabled. */
export function isPluginEnabled(name: string, { enable, disable }: PluginSelection): boolean {
  if (enable.includes(name)) return true;
  return registrations[name]?.byDefault === true && !disable.includes(name);
}

/** The plug-ins that run; the chain puts them in upstream's order. */
export function createAdmissionPlugins(deps: AdmissionDeps, selection: PluginSelection): readonly AdmissionPlugin[] {
  return Object.entries(registrations)
    .filter(([name]) => isPluginEnabled(name, selection))
    .map(([, { create }]) => create(deps));
}

import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

/** Every plug-in of upstream in the order in which they run; those that need the state after all others come last. */
export const admissionOrder: readonly string[] = [
  'AlwaysAdmit',
  'NamespaceAutoProvision',
  'NamespaceLifecycle',
  'NamespaceExists',
  'LimitPodHardAntiAffinityTopology',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'AlwaysPullImages',
  'ImagePolicyWebhook',
  'PodSecurity',
  'PodNodeSelector',
  'Priority',
  'DefaultTolerationSeconds',
  'PodTolerationRestriction',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PodGroupProtection',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'DenyServiceExternalIPs',
  'PodTopologyLabels',
  'PodGroupWorkloadExists',
  'NodeDeclaredFeatureValidator',
  'JobValidation',
  'PodResizeValidator',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
  'AlwaysDeny',
];

export interface AdmissionChain {
  /** Names of the plug-ins in the order in which they run. */
  readonly plugins: readonly string[];
  /** All mutations, before the object is validated. */
  mutate(request: AdmissionRequest): Promise<void> | void;
  /** All validations, on the object as it will be stored. */
  validate(request: AdmissionRequest): Promise<void> | void;
}

export function createAdmissionChain(plugins: readonly AdmissionPlugin[]): AdmissionChain {
  const position = ({ name }: AdmissionPlugin): number => {
    const at = admissionOrder.indexOf(name);
    if (at < 0) throw new Error(`admission plug-in ${name} has no place in the order`);
    return at;
  };
  const ordered = [...plugins].sort((a, b) => position(a) - position(b));
  return {
    plugins: ordered.map(({ name }) => name),
    mutate: (request) => {
      const pending = run(ordered, 'mutate', request, 0);
      return pending instanceof Promise ? pending.then(() => again(ordered, request)) : again(ordered, request);
    },
    validate: (request) => run(ordered, 'validate', request, 0),
  };
}

/** All mutations once more, when one of them asked for it. */
function again(plugins: readonly AdmissionPlugin[], request: AdmissionRequest): Promise<void> | void {
  const { reinvocation } = request;
  if (reinvocation?.shouldReinvoke !== true) return;
  reinvocation.isReinvoke = true;
  return run(plugins, 'mutate', request, 0);
}

/** Synchronous until a plug-in waits: most requests meet none that does. */
function run(
  plugins: readonly AdmissionPlugin[],
  hook: 'mutate' | 'validate',
  request: AdmissionRequest,
  from: number,
): Promise<void> | void {
  for (let i = from; i < plugins.length; i++) {
    const plugin = plugins[i];
    if (plugin?.[hook] === undefined || !plugin.handles(request)) continue;
    const pending = plugin[hook](request);
    if (pending instanceof Promise) return pending.then(() => run(plugins, hook, request, i + 1));
  }
}

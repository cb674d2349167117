import type { Api } from '../../../api/object.ts';

export type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;
export type Pod = Api<'io.k8s.api.core.v1.Pod'>;

/** Defaults of a pod spec wherever one stands: pods and pod templates alike. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.restartPolicy ??= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ??= 'default-scheduler';
}

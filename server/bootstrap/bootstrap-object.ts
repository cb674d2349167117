import type { KubeObject } from '../../api/object.ts';

/** An object that exists from the start. */
export interface BootstrapObject {
  /** `namespaces`, `roles.rbac.authorization.k8s.io`. */
  readonly resource: string;
  /** '' for cluster-scoped ones. */
  readonly namespace: string;
  readonly object: KubeObject;
}

import type { KubeObject } from '../../api/object.ts';

/** An object that exists from the start. */
export interface BootstrapObject {
  /** `namespaces`, `roles.rbac.authorization.k8s.io`. */
  readonly resource: string;
  /** '' for cluster-scoped ones. */
  readonly namespace: string;
  readonly object: KubeObject;
  /** Top-level fields and fields of the spec that no client sends: nobody manages them. */
  readonly chosen?: readonly string[];
  /** Who manages it, if not the server by its own name. */
  readonly manager?: string;
  /** Who applied its status; a status that nobody applied is nobody's. */
  readonly statusManager?: string;
}

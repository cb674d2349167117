import type { LocalNodes } from '../../api/streams/node-connection.ts';
import type { Authorizer } from '../auth/authorizer.ts';

/** Certificate and key, PEM, by which kubelets of other machines know this server. */
export interface KubeletCredential {
  readonly certificate: string;
  readonly key: string;
}

/** How nodes are reached, and by whom. */
export interface NodeAccess {
  /** Those of this process, once they run. */
  local(): LocalNodes | undefined;
  /** Absent: kubelets elsewhere are not asked. */
  readonly kubelet?: KubeletCredential;
  /** Absent: everyone may do everything. */
  readonly authorizer?: Authorizer | undefined;
}

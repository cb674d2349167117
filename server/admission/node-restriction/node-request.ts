import type { ClusterReader } from '../../registry/strategy.ts';
import type { PermissionAuthorizer } from '../authorizer.ts';
import type { AdmissionRequest } from '../plugin.ts';

export interface NodeRestrictionDeps {
  readonly reader: ClusterReader;
  readonly authorizer: PermissionAuthorizer;
}

/** A kubelet's request: `node` is who asks. */
export interface NodeRequest extends NodeRestrictionDeps {
  readonly request: AdmissionRequest;
  readonly node: string;
}

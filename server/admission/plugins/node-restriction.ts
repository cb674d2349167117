import type { NodeRequest, NodeRestrictionDeps } from '../node-restriction/node-request.ts';
import { admitNode } from '../node-restriction/nodes.ts';
import { admitPod, admitPodEviction, admitPodStatus } from '../node-restriction/pods.ts';
import {
  admitClaimStatus,
  admitCsiNode,
  admitLease,
  admitResourceSlice,
  admitSigningRequest,
} from '../node-restriction/things.ts';
import { admitTokenRequest } from '../node-restriction/tokens.ts';
import { type AdmissionPlugin, forbiddenByAdmission } from '../plugin.ts';

const prefix = 'system:node:';

/** A kubelet touches its own node, its pods, and what belongs to them. */
export function createNodeRestriction(deps: NodeRestrictionDeps): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: ({ operation, user }) =>
      operation !== 'CONNECT' && user.username.startsWith(prefix) && user.groups.includes('system:nodes'),
    mutate(request) {
      const node = request.user.username.slice(prefix.length);
      if (node === '') {
        throw forbiddenByAdmission(
          request,
          `could not determine node from user ${JSON.stringify(request.user.username)}`,
        );
      }
      return admit({ ...deps, request, node });
    },
  };
}

function admit(asked: NodeRequest): void | Promise<void> {
  const { group, resource, subresource } = asked.request;
  switch (group === '' ? resource : `${resource}.${group}`) {
    case 'pods':
      if (subresource === '') return admitPod(asked);
      if (subresource === 'status') return admitPodStatus(asked);
      if (subresource === 'eviction') return admitPodEviction(asked);
      throw forbiddenByAdmission(
        asked.request,
        `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`,
      );
    case 'nodes':
      return admitNode(asked);
    case 'persistentvolumeclaims':
      return admitClaimStatus(asked);
    case 'serviceaccounts':
      return admitTokenRequest(asked);
    case 'leases.coordination.k8s.io':
      return admitLease(asked);
    case 'csinodes.storage.k8s.io':
      return admitCsiNode(asked);
    case 'resourceslices.resource.k8s.io':
      return admitResourceSlice(asked);
    case 'certificatesigningrequests.certificates.k8s.io':
      return admitSigningRequest(asked);
    default:
      return;
  }
}

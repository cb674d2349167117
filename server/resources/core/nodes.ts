import { FieldPath } from '../../../api/field-error.ts';
import { cidrWarnings } from '../../../api/ip.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { metadataErrorsAgain } from './field-checks.ts';
import { type Node, nodeErrors, nodeUpdateErrors } from './node-validation.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';

/** `podCIDR` is the older name of the first of `podCIDRs`: where they differ it wins. */
function joinPodCIDRs(node: Node): void {
  const { spec } = node;
  if (spec === undefined) return;
  if (spec.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR];
  const first = spec.podCIDRs?.[0];
  if (first !== undefined) spec.podCIDR = first;
}

function applyDefaults(node: Node): void {
  joinPodCIDRs(node);
  const { status } = node;
  if (status?.capacity === undefined) return;
  status.allocatable ??= { ...status.capacity };
  defaultResourceList(status.capacity as Record<string, string>);
  defaultResourceList(status.allocatable as Record<string, string>);
}

function warnings(node: Readonly<Node>): string[] {
  const path = FieldPath.of('spec', 'podCIDRs');
  return [
    ...(node.spec?.configSource === undefined ? [] : ['spec.configSource: the feature is removed']),
    ...(node.spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(node.spec?.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(path.index(i), cidr)),
  ];
}

export const nodeStrategy: Strategy<Node> = {
  resource: 'nodes',
  applyDefaults,
  prepareForCreate(node) {
    delete node.spec?.configSource;
    delete node.status?.config;
  },
  validateCreate: nodeErrors,
  warningsOnCreate: warnings,
  prepareForUpdate(node, old) {
    node.status = old.status;
    if (old.spec?.configSource === undefined) delete node.spec?.configSource;
  },
  validateUpdate: (node, old) => [
    ...metadataErrorsAgain(node, 'cluster'),
    ...nodeErrors(node),
    ...nodeUpdateErrors(node, old),
  ],
  warningsOnUpdate: warnings,
  subresources: {
    status: {
      prepareForUpdate(node, old) {
        node.spec = old.spec;
        if (old.status?.config === undefined) delete node.status?.config;
      },
      validateUpdate: nodeUpdateErrors,
    },
  },
};

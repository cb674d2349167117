import { semanticEqual } from '../../../api/equal.ts';
import type { Api } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, forbiddenByAdmission } from '../plugin.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;

/** What a node must say it can do before a running pod may change in this way; sorted by name. */
const features: readonly (readonly [
  name: string,
  isNeeded: (spec: Readonly<PodSpec>, old: Readonly<PodSpec>) => boolean,
])[] = [
  ['InPlacePodLevelResourcesVerticalScaling', (spec, old) => !semanticEqual(spec.resources, old.resources)],
  ['InPlacePodVerticalScalingInitContainers', resizesInitContainers],
];

/** A pod on a node changes only in ways that the node declares it knows. */
export function createNodeDeclaredFeatureValidator(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'NodeDeclaredFeatureValidator',
    handles: ({ operation, group, resource, subresource }) =>
      operation === 'UPDATE' && resource === 'pods' && group === '' && (subresource === '' || subresource === 'resize'),
    validate(request) {
      const { metadata, spec = {} }: Readonly<Pod> = request.object ?? {};
      const old: Readonly<Pod> = request.oldObject ?? {};
      if (!spec.nodeName || metadata?.generation === old.metadata?.generation) return;
      const needed = features.filter(([, isNeeded]) => isNeeded(spec, old.spec ?? {})).map(([name]) => name);
      if (needed.length === 0) return;
      const quotedNode = JSON.stringify(spec.nodeName);
      const node = reader.get<Node>('nodes', '', spec.nodeName);
      if (node === undefined) throw forbiddenByAdmission(request, `node ${quotedNode} not found`);
      const missing = needed.filter((name) => node.status?.declaredFeatures?.includes(name) !== true);
      if (missing.length === 0) return;
      const why = `pod update requires features ${missing.join(', ')} which are not available on node ${quotedNode}`;
      throw forbiddenByAdmission(request, why);
    },
  };
}

function resizesInitContainers(spec: Readonly<PodSpec>, old: Readonly<PodSpec>): boolean {
  return (old.initContainers ?? []).some(
    ({ restartPolicy, resources }, i) =>
      restartPolicy !== 'Always' && !semanticEqual(resources, spec.initContainers?.[i]?.resources),
  );
}

import { semanticEqual } from '../../../api/equal.ts';
import type { Api } from '../../../api/object.ts';
import { forbiddenByAdmission } from '../plugin.ts';
import type { NodeRequest } from './node-request.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;
type Labels = Readonly<Record<string, string>>;

const restricted = 'node-restriction.kubernetes.io';
const kubernetesDomains = ['kubernetes.io', 'k8s.io'];
/** Kubernetes' own labels that kubelets set. */
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const kubeletDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

export function admitNode({ request, node }: NodeRequest): void {
  const refuse = (why: string): Error => forbiddenByAdmission(request, why);
  const who = `node ${JSON.stringify(node)}`;
  if (request.name !== node) throw refuse(`${who} is not allowed to modify node ${JSON.stringify(request.name)}`);
  const { metadata = {}, spec }: Readonly<Node> = request.object ?? {};
  if (request.operation === 'CREATE') {
    if (spec?.configSource !== undefined)
      throw refuse(`${who} is not allowed to create pods with a non-nil configSource`);
    const labels = forbiddenAmong(changedLabels(metadata.labels, undefined));
    if (labels.length > 0) throw refuse(`${who} is not allowed to set the following labels: ${labels.join(', ')}`);
  }
  if (request.operation !== 'UPDATE') return;
  const { metadata: oldMetadata = {}, spec: oldSpec }: Readonly<Node> = request.oldObject ?? {};
  if (spec?.configSource !== undefined && !semanticEqual(spec.configSource, oldSpec?.configSource)) {
    throw refuse(`${who} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!semanticEqual(spec?.taints, oldSpec?.taints)) throw refuse(`${who} is not allowed to modify taints`);
  if (!semanticEqual(metadata.ownerReferences, oldMetadata.ownerReferences)) {
    throw refuse(`${who} is not allowed to modify ownerReferences`);
  }
  const labels = forbiddenAmong(changedLabels(metadata.labels, oldMetadata.labels));
  if (labels.length > 0) throw refuse(`is not allowed to modify labels: ${labels.join(', ')}`);
}

function changedLabels(now: Labels = {}, before: Labels = {}): string[] {
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter((key) => now[key] !== before[key]);
}

function isIn(key: string, domains: readonly string[]): boolean {
  const [domain = '', name] = key.split(/\/(.*)/s, 2);
  return name !== undefined && domains.some((one) => domain === one || domain.endsWith(`.${one}`));
}

function forbiddenAmong(keys: readonly string[]): string[] {
  const isForbidden = (key: string): boolean => {
    if (isIn(key, [restricted])) return true;
    return isIn(key, kubernetesDomains) && !kubeletLabels.has(key) && !isIn(key, kubeletDomains);
  };
  return keys.filter(isForbidden).sort();
}

import type { Api, KubeObject } from '../../../api/object.ts';
import type { ClusterReader, UserInfo } from '../../registry/strategy.ts';
import type { Authorizer, Decision, ResourceAttributes } from '../authorizer.ts';
import { type PolicyRule, ruleAllows } from '../rbac/rules.ts';
import type { NodePods } from './node-pods.ts';

type PersistentVolume = Api<'io.k8s.api.core.v1.PersistentVolume'> & KubeObject;

export interface NodeAuthorizerDeps {
  readonly reader: ClusterReader;
  /** What the pods of each node refer to; made when the first node asks. */
  pods(): NodePods;
  /** Of what is not subdivided: the rules of `system:node`. */
  rules(): readonly PolicyRule[];
}

const allow: Decision = { decision: 'allow', reason: '' };
const noOpinion = (reason = ''): Decision => ({ decision: 'noOpinion', reason });

/** The name of the node that a user is; undefined for others, '' for nodes without one. */
function nodeOf({ username, groups }: UserInfo): string | undefined {
  const prefix = 'system:node:';
  if (!username.startsWith(prefix) || !groups.includes('system:nodes')) return undefined;
  return username.slice(prefix.length);
}

/** Kubelets read what their pods need, and write their own objects. Upstream: plugin/pkg/auth/authorizer/node. */
export function createNodeAuthorizer(deps: NodeAuthorizerDeps): Authorizer {
  return {
    authorize(attributes) {
      const node = nodeOf(attributes.user);
      if (node === undefined) return noOpinion();
      if (node === '') return noOpinion(`unknown node for user ${JSON.stringify(attributes.user.username)}`);
      const special = attributes.isResource ? rulings[`${attributes.group}/${attributes.resource}`] : undefined;
      if (special !== undefined && attributes.isResource) return special({ deps, node, asked: attributes });
      return deps.rules().some((rule) => ruleAllows(rule, attributes)) ? allow : noOpinion();
    },
    rulesFor(user) {
      const nothing = { resourceRules: [], nonResourceRules: [] };
      if (nodeOf(user) === undefined) return { ...nothing, incomplete: false };
      return { ...nothing, incomplete: true, error: 'node authorizer does not support user rule resolution' };
    },
  };
}

interface Question {
  readonly deps: NodeAuthorizerDeps;
  readonly node: string;
  readonly asked: ResourceAttributes;
}

type Ruling = (question: Question) => Decision;

const unrelated = ({ node }: Question): Decision =>
  noOpinion(`no relationship found between node '${node}' and this object`);

const refersTo = ({ deps, node }: Question, resource: string, namespace: string, name: string): boolean =>
  deps.pods().refer(node, `${namespace}/${resource}/${name}`);

/** Whether the object belongs to the node, by one of its fields or by a pod. */
type Relation = (question: Question) => boolean;

function related(question: Question, relation: Relation): Decision {
  if (question.asked.name === '') return noOpinion('No Object name found');
  return relation(question) ? allow : unrelated(question);
}

const byPod: Relation = (question) =>
  refersTo(question, question.asked.resource, question.asked.namespace, question.asked.name);

const nodeNameOf = (reader: ClusterReader, resource: string, namespace: string, name: string): string | undefined =>
  reader.get<KubeObject & { spec?: { nodeName?: string } }>(resource, namespace, name)?.spec?.nodeName;

const byNodeName =
  (resource: string): Relation =>
  ({ deps, node, asked }) =>
    nodeNameOf(deps.reader, resource, asked.namespace, asked.name) === node;

const byClaim: Relation = (question) => {
  const volume = question.deps.reader.get<PersistentVolume>('persistentvolumes', '', question.asked.name);
  return volume !== undefined && isVolumeOfNode(question, volume);
};

function isVolumeOfNode(question: Question, { spec }: Readonly<PersistentVolume>): boolean {
  const { namespace = '', name = '' } = spec?.claimRef ?? {};
  return name !== '' && refersTo(question, 'persistentvolumeclaims', namespace, name);
}

/** Volumes that pods claim have secrets of their own. */
const bySecret: Relation = (question) => {
  if (byPod(question)) return true;
  const { namespace, name } = question.asked;
  return question.deps.reader
    .list<PersistentVolume>('persistentvolumes')
    .some((volume) => secretsOf(volume).has(`${namespace}/${name}`) && isVolumeOfNode(question, volume));
};

function secretsOf({ spec = {} }: Readonly<PersistentVolume>): ReadonlySet<string> {
  const claimed = spec.claimRef?.namespace ?? '';
  const { azureFile, cephfs, cinder, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = spec;
  const references = [cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos].map((each) => each?.secretRef);
  const ofCsi = [csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef];
  const named = [...references, ...ofCsi].flatMap((reference) =>
    reference?.name === undefined ? [] : [`${reference.namespace ?? claimed}/${reference.name}`],
  );
  if (azureFile !== undefined) named.push(`${azureFile.secretNamespace ?? claimed}/${azureFile.secretName}`);
  return new Set(named);
}

const reading = new Set(['get', 'list', 'watch']);
const owning = new Set(['get', 'create', 'update', 'patch', 'delete']);

const readOne =
  (relation: Relation): Ruling =>
  (question) => {
    const { verb, subresource, namespace } = question.asked;
    if (!reading.has(verb)) return noOpinion('can only read resources of this type');
    if (subresource !== '') return noOpinion('cannot read subresource');
    if (namespace === '') return noOpinion('can only read namespaced object of this type');
    return related(question, relation);
  };

const getOne =
  (relation: Relation): Ruling =>
  (question) => {
    if (question.asked.verb !== 'get') return noOpinion('can only get individual resources of this type');
    if (question.asked.subresource !== '') return noOpinion('cannot get subresource');
    return related(question, relation);
  };

const claims: Ruling = (question) => {
  const { verb, subresource } = question.asked;
  if (subresource !== 'status') return getOne(byPod)(question);
  return verb === 'update' || verb === 'patch'
    ? related(question, byPod)
    : noOpinion('can only get/update/patch this type');
};

const serviceAccounts: Ruling = (question) => {
  const { verb, subresource, name } = question.asked;
  if (verb === 'get' && subresource === '') return readOne(byPod)(question);
  if (verb !== 'create' || name === '') return noOpinion('can only create tokens for individual service accounts');
  if (subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount');
  return byPod(question) ? allow : unrelated(question);
};

const leases: Ruling = ({ node, asked: { verb, namespace, name } }) => {
  if (!owning.has(verb)) return noOpinion('can only get, create, update, patch, or delete a node lease');
  if (namespace !== 'kube-node-lease')
    return noOpinion('can only access leases in the "kube-node-lease" system namespace');
  const isOwn = verb === 'create' || name === node;
  return isOwn ? allow : noOpinion('can only access node lease with the same name as the requesting node');
};

const csiNodes: Ruling = ({ node, asked: { verb, subresource, name } }) => {
  if (!owning.has(verb)) return noOpinion('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return noOpinion('cannot authorize CSINode subresources');
  const isOwn = verb === 'create' || name === node;
  return isOwn ? allow : noOpinion('can only access CSINode with the same name as the requesting node');
};

function selectsNode({ node, asked }: Question, field: string): boolean {
  return asked.fieldSelector?.some((each) => each.field === field && each.op === '=' && each.value === node) ?? false;
}

const resourceSlices: Ruling = (question) => {
  const { verb, subresource } = question.asked;
  if (subresource !== '') return noOpinion('cannot authorize ResourceSlice subresources');
  switch (verb) {
    case 'create':
      return allow;
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return related(question, byNodeName('resourceslices.resource.k8s.io'));
    case 'watch':
    case 'list':
    case 'deletecollection':
      return selectsNode(question, 'spec.nodeName')
        ? allow
        : noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector');
    default:
      return noOpinion(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
};

const nodes: Ruling = ({ node, asked: { verb, subresource, name } }) => {
  const writes = verb === 'update' || verb === 'patch';
  if (subresource === 'status') return writes ? allow : noOpinion();
  if (subresource !== '') return noOpinion();
  if (writes || verb === 'create') return allow;
  if (!reading.has(verb)) return noOpinion();
  if (name === node) return allow;
  if (name === '') return noOpinion(`node '${node}' cannot read all nodes, only its own Node object`);
  return noOpinion(`node '${node}' cannot read '${name}', only its own Node object`);
};

const pods: Ruling = (question) => {
  const { verb, subresource, name } = question.asked;
  switch (`${subresource} ${verb}`) {
    case ' get':
      return getOne(byNodeName('pods'))(question);
    case ' list':
    case ' watch':
      if (selectsNode(question, 'spec.nodeName')) return allow;
      return name === ''
        ? noOpinion('can only list/watch pods with spec.nodeName field selector')
        : related(question, byNodeName('pods'));
    case ' create':
    case ' delete':
    case 'status update':
    case 'status patch':
    case 'eviction create':
      return allow;
    default:
      return noOpinion();
  }
};

const rulings: Readonly<Record<string, Ruling>> = {
  '/secrets': readOne(bySecret),
  '/configmaps': readOne(byPod),
  '/persistentvolumeclaims': claims,
  '/persistentvolumes': getOne(byClaim),
  'resource.k8s.io/resourceclaims': getOne(byPod),
  'storage.k8s.io/volumeattachments': getOne(byNodeName('volumeattachments.storage.k8s.io')),
  '/serviceaccounts': serviceAccounts,
  'coordination.k8s.io/leases': leases,
  'storage.k8s.io/csinodes': csiNodes,
  'resource.k8s.io/resourceslices': resourceSlices,
  '/nodes': nodes,
  '/pods': pods,
  // Of a feature that is switched off.
  'certificates.k8s.io/podcertificaterequests': () => noOpinion(),
};

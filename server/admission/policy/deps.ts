import type { FieldType } from '../../../api/apply/field-type.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import type { MutatingAdmissionPolicy } from '../../resources/admissionregistration/mutating-policies.ts';
import type {
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicyBinding,
} from '../../resources/admissionregistration/policy-bindings.ts';
import type { ValidatingAdmissionPolicy } from '../../resources/admissionregistration/validating-policies.ts';
import type { PathPermissionAttributes, PermissionAttributes, PermissionDecision } from '../authorizer.ts';
import type { AdmissionRequest } from '../plugin.ts';
import type { ObjectVersions, VersionedPlace } from '../versions.ts';
import type { FindParams } from './params.ts';

/** Policies and their bindings: the same arrays as long as nothing changes. */
export interface PolicyLists<P, B> {
  policies(): readonly Readonly<P>[];
  bindings(): readonly Readonly<B>[];
}

/** Whom expressions ask. */
export interface ExpressionAuthorizer {
  authorize(
    attributes: PermissionAttributes | PathPermissionAttributes,
  ): PermissionDecision | Promise<PermissionDecision>;
}

/** What the two plug-ins need beside what all have. */
export interface PolicyDeps {
  readonly validating: PolicyLists<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;
  readonly mutating: PolicyLists<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;
  readonly versions: ObjectVersions;
  readonly authorizer: ExpressionAuthorizer;
  readonly findParams: FindParams;
  /** How objects at a place are merged; undefined where no schema tells. */
  typeAt(place: VersionedPlace): FieldType | undefined;
  /** Whether custom objects stand there. */
  isCustom(place: VersionedPlace): boolean;
}

export interface DispatchDeps extends PolicyDeps {
  readonly reader: ClusterReader;
}

/** Requests that answer questions and store nothing, and policies themselves: nobody may lock the cluster out of its own repair. */
const excluded = new Set([
  'selfsubjectreviews.authentication.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
]);

export function isExcluded({ group, resource }: AdmissionRequest): boolean {
  return group !== '' && excluded.has(`${resource}.${group}`);
}

/** The namespace of the request; a namespace is in none. */
export function namespaceOf(reader: ClusterReader, request: AdmissionRequest): Readonly<KubeObject> | undefined {
  const { namespace, group, kind } = request;
  if (namespace === '' || (group === '' && kind === 'Namespace')) return undefined;
  return reader.get('namespaces', '', namespace);
}

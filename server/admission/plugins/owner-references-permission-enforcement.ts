import { semanticEqual } from '../../../api/equal.ts';
import { goQuote } from '../../../api/go-text.ts';
import type { Api } from '../../../api/object.ts';
import type { StatusError } from '../../../api/status.ts';
import { type PermissionAttributes, type PermissionAuthorizer, reasonAndError } from '../authorizer.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';

type OwnerReference = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference'>;

/** A resource of the API as a reference by kind finds it. */
export interface ResourceMapping {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

export interface OwnerReferencesDeps {
  readonly authorizer: PermissionAuthorizer;
  mappingOf(apiVersion: string, kind: string): ResourceMapping | undefined;
}

/** Finds among resources the one of a kind, in the version of a reference. */
export function ownerMapping(
  resources: () => readonly (ResourceMapping & { readonly kind: string })[],
): OwnerReferencesDeps['mappingOf'] {
  return (apiVersion, kind) =>
    resources().find(
      (one) => one.kind === kind && (one.group === '' ? one.version : `${one.group}/${one.version}`) === apiVersion,
    );
}

/** References to owners delete, and block deletion: who sets them must be allowed to do as much himself. */
export function createOwnerReferencesPermissionEnforcement(deps: OwnerReferencesDeps): AdmissionPlugin {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    handles: (request) => {
      const { operation, resource, group, subresource } = request;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
      if (resource === 'pods' && group === '' && subresource === 'status') return false;
      const [refs, old] = [refsOf(request.object), refsOf(request.oldObject)];
      return refs.length !== old.length || refs.some((ref, i) => !semanticEqual(ref, old[i]));
    },
    async validate(request) {
      if (request.operation !== 'CREATE') await requireDelete(request, deps);
      await requireFinalizers(request, deps);
    },
  };
}

function refsOf(object: AdmissionRequest['oldObject']): readonly Readonly<OwnerReference>[] {
  return object?.metadata?.ownerReferences ?? [];
}

async function requireDelete(request: AdmissionRequest, { authorizer }: OwnerReferencesDeps): Promise<void> {
  const { user, group, version, resource, subresource, namespace, name } = request;
  const asked = {
    isResource: true,
    verb: 'delete',
    user,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
  } as const;
  const decision = await authorizer.authorize(asked);
  if (decision.decision === 'allow') return;
  const why = `cannot set an ownerRef on a resource you can't delete: ${reasonAndError(decision)}`;
  throw forbiddenByAdmission(request, why);
}

async function requireFinalizers(
  request: AdmissionRequest,
  { authorizer, mappingOf }: OwnerReferencesDeps,
): Promise<void> {
  const wasBlocking = new Set(
    refsOf(request.oldObject).flatMap(({ uid, blockOwnerDeletion }) => (blockOwnerDeletion === true ? [uid] : [])),
  );
  const blocking = refsOf(request.object).filter((ref) => ref.blockOwnerDeletion === true && !wasBlocking.has(ref.uid));
  if (blocking.length === 0) return;
  const common = { isResource: true, user: request.user, verb: 'update', subresource: 'finalizers' } as const;
  const anything = { ...common, group: '*', version: '*', resource: '*', namespace: '', name: '*' };
  if ((await authorizer.authorize(anything)).decision === 'allow') return;
  for (const { apiVersion = '', kind = '', name = '' } of blocking) {
    const mapping = mappingOf(apiVersion, kind);
    if (mapping === undefined) throw unknownKind(request, apiVersion, kind);
    const { group, version, resource, namespaced } = mapping;
    const namespace = namespaced ? request.namespace : '';
    const asked: PermissionAttributes = { ...common, group, version, resource, namespace, name };
    const decision = await authorizer.authorize(asked);
    if (decision.decision === 'allow') continue;
    const why = `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${reasonAndError(decision)}`;
    throw forbiddenByAdmission(request, why);
  }
}

function unknownKind(request: AdmissionRequest, apiVersion: string, kind: string): StatusError {
  const what = `cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}`;
  const why = `no matches for kind ${goQuote(kind)} in version ${goQuote(apiVersion)}`;
  return forbiddenByAdmission(request, `cannot set blockOwnerDeletion in this case because ${what}: ${why}`);
}

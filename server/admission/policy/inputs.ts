import {
  type AuthorizationAnswer,
  type AuthorizationQuestion,
  type AuthorizerValues,
  createAuthorizer,
} from '../../../api/cel/library/authorizer.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { UserInfo } from '../../registry/strategy.ts';
import type { PermissionDecision } from '../authorizer.ts';
import type { AdmissionRequest } from '../plugin.ts';
import { placeOf, type VersionedPlace } from '../versions.ts';
import type { ExpressionAuthorizer } from './deps.ts';
import type { Inputs } from './evaluate.ts';

export interface SeenObjects {
  readonly object: Readonly<KubeObject> | undefined;
  readonly oldObject: Readonly<KubeObject> | undefined;
}

function withoutEmpty(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
}

function userOf({ username, uid, groups, extra }: UserInfo): Record<string, unknown> {
  return {
    ...withoutEmpty({ username, uid }),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra !== undefined && Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/** The request as expressions see it: what was asked for, and what the policy takes it for. */
export function requestValue(request: AdmissionRequest, place: VersionedPlace): Record<string, unknown> {
  const own = placeOf(request);
  const { subresource, name, namespace, operation, user, dryRun, options } = request;
  return {
    kind: own.kind === place.kind ? own.kind : place.kind,
    resource: place.resource,
    ...withoutEmpty({ subResource: subresource, requestSubResource: subresource, name, namespace }),
    requestKind: own.kind,
    requestResource: own.resource,
    operation,
    userInfo: userOf(user),
    dryRun,
    options: options?.() ?? null,
  };
}

/** The parts of a namespace that expressions may see. */
export function namespaceValue(namespace: Readonly<KubeObject> | undefined): unknown {
  if (namespace === undefined) return null;
  const { metadata = {}, spec = {}, status = {} } = namespace as KubeObject & { spec?: object; status?: object };
  const { managedFields: _managedFields, ownerReferences: _ownerReferences, ...shown } = metadata;
  return { metadata: shown, spec, status };
}

function answerOf({ decision, reason, error }: PermissionDecision): AuthorizationAnswer {
  return { allowed: decision === 'allow', reason, ...(error === undefined ? {} : { error }) };
}

function accountUser(account: NonNullable<AuthorizationQuestion['serviceAccount']>): UserInfo {
  const { namespace, name } = account;
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

/** Asks for the user of the request, or for a service account. */
export function authorizerOf(authorizer: ExpressionAuthorizer, request: AdmissionRequest): AuthorizerValues {
  return createAuthorizer((question) => {
    const user = question.serviceAccount === undefined ? request.user : accountUser(question.serviceAccount);
    const { verb, path } = question;
    const asked =
      path === undefined
        ? authorizer.authorize({
            isResource: true,
            user,
            verb,
            group: question.group ?? '',
            version: '*',
            resource: question.resource ?? '',
            subresource: question.subresource ?? '',
            namespace: question.namespace ?? '',
            name: question.name ?? '',
          })
        : authorizer.authorize({ isResource: false, user, verb, path });
    return asked instanceof Promise ? asked.then(answerOf) : answerOf(asked);
  });
}

export interface InputParts {
  readonly request: AdmissionRequest;
  readonly place: VersionedPlace;
  readonly seen: SeenObjects;
  readonly namespace: Readonly<KubeObject> | undefined;
  readonly params: Readonly<KubeObject> | undefined;
  readonly authorizer: AuthorizerValues;
}

export function inputsOf({ request, place, seen, namespace, params, authorizer }: InputParts): Inputs {
  const { group, resource, subresource, name } = request;
  return {
    object: seen.object ?? null,
    oldObject: seen.oldObject ?? null,
    request: requestValue(request, place),
    namespaceObject: namespaceValue(namespace),
    params: params ?? null,
    authorizer,
    requestResource: authorizer.requestResource({ group, resource, subresource, namespace: request.namespace, name }),
  };
}

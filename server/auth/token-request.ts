import { toTime } from '../../api/clock.ts';
import { type FieldErrors, FieldPath, invalid } from '../../api/field-error.ts';
import type { Api, KubeObject } from '../../api/object.ts';
import { badRequest, conflict, invalidError, notFoundError } from '../../api/status.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { serviceAccountUsername } from './service-account.ts';
import type { ObjectRef, ServiceAccountClaims } from './service-account-token.ts';
import { type SigningKey, signToken } from './signing-keys.ts';

export type TokenRequest = Api<'io.k8s.api.authentication.v1.TokenRequest'>;
type BoundObjectReference = NonNullable<NonNullable<TokenRequest['spec']>['boundObjectRef']>;
type Pod = Api<'io.k8s.api.core.v1.Pod'>;

export interface TokenIssuer {
  readonly issuer: string;
  readonly key: SigningKey;
  /** What a token is for when the request does not say. */
  readonly apiAudiences: readonly string[];
}

export interface TokenRequestContext {
  readonly namespace: string;
  /** The service account's name. */
  readonly name: string;
  readonly now: number;
  readonly reader: ClusterReader;
  readonly issuer: TokenIssuer;
  uuid(): string;
  /** Validating admission; throws. */
  admit?(request: TokenRequest): void | Promise<void>;
}

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const groupResource = { group: 'authentication.k8s.io', resource: 'TokenRequest' };
const minExpirationSeconds = 600;
const maxExpirationSeconds = 2 ** 32;
export const defaultExpirationSeconds = 3600;
// Upstream: what kubelets ask for in projected volumes; such tokens only warn after their time, so that old clients keep working for a year.
const warnOnlyExpirationSeconds = 3607;
const extendedExpirationSeconds = 365 * 24 * 60 * 60;

/** POST of `serviceaccounts/NAME/token`: the request with its token. Throws StatusError. */
export async function createTokenRequest(request: TokenRequest, context: TokenRequestContext): Promise<TokenRequest> {
  const { namespace, name, reader, now, issuer } = context;
  checkMeta(request, context);
  const account = reader.get('serviceaccounts', namespace, name);
  if (account === undefined) throw notFoundError({ group: '', resource: 'serviceaccounts' }, name);
  const uid = account.metadata?.uid ?? '';
  const wantedUid = request.metadata?.uid ?? '';
  if (wantedUid !== '' && wantedUid !== uid) {
    throw conflict(
      groupResource,
      name,
      `the UID in the token request (${wantedUid}) does not match the UID of the service account (${uid})`,
    );
  }
  const { audiences = [], expirationSeconds = defaultExpirationSeconds, boundObjectRef } = request.spec ?? {};
  const spec = {
    audiences: audiences.length === 0 ? [...issuer.apiAudiences] : audiences,
    expirationSeconds,
    // Written even when there is none.
    boundObjectRef: (boundObjectRef ?? null) as BoundObjectReference,
  };
  const complete = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { ...request.metadata, name, namespace, uid, creationTimestamp: toTime(now) },
    spec,
  };
  const errors = validateExpiration(expirationSeconds);
  if (errors.length > 0) throw invalidError(kind, '', errors);
  await context.admit?.({ ...complete, status: { token: '', expirationTimestamp: '' } });
  const bound = boundObjectRef === undefined ? {} : bindTo(boundObjectRef, context);
  return {
    ...complete,
    status: {
      token: signToken(issuer.key, claimsOf({ ...context, uid, ...spec, bound })),
      expirationTimestamp: toTime(now + expirationSeconds * 1000),
    },
  };
}

function checkMeta({ metadata = {} }: TokenRequest, { name, namespace }: TokenRequestContext): void {
  if ((metadata.namespace ?? '') !== '' && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if ((metadata.name ?? '') !== '' && metadata.name !== name) {
    throw invalidError(kind, name, [
      invalid(FieldPath.of('metadata', 'name'), metadata.name, 'must match the service account name if specified'),
    ]);
  }
}

function validateExpiration(seconds: number): FieldErrors {
  const path = FieldPath.of('spec', 'expirationSeconds');
  if (seconds < minExpirationSeconds)
    return [invalid(path, seconds, 'may not specify a duration less than 10 minutes')];
  if (seconds > maxExpirationSeconds)
    return [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

type Bound = Pick<ServiceAccountClaims['kubernetes.io'], 'pod' | 'node' | 'secret'>;

function bindTo(ref: BoundObjectReference, { namespace, name, reader }: TokenRequestContext): Bound {
  const found = (resource: string, inNamespace: string): Readonly<KubeObject> => {
    const object = reader.get(resource, inNamespace, ref.name ?? '');
    if (object === undefined) throw notFoundError({ group: '', resource }, ref.name ?? '');
    return object;
  };
  const [group, version] = splitApiVersion(ref.apiVersion ?? '');
  if (group === '' && ref.kind === 'Pod') {
    const pod = found('pods', namespace) as Readonly<Pod>;
    if (pod.spec?.serviceAccountName !== name) {
      throw badRequest(
        `cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with different serviceaccount name.`,
      );
    }
    const nodeName = pod.spec.nodeName ?? '';
    checkUid(ref, pod);
    return {
      pod: refTo(pod),
      ...(nodeName === '' ? {} : { node: refTo(reader.get('nodes', '', nodeName), nodeName) }),
    };
  }
  if (group === '' && ref.kind === 'Node') {
    const node = found('nodes', '');
    checkUid(ref, node);
    return { node: refTo(node) };
  }
  if (group === '' && ref.kind === 'Secret') {
    const secret = found('secrets', namespace);
    checkUid(ref, secret);
    return { secret: refTo(secret) };
  }
  throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${ref.kind ?? ''}`);
}

function splitApiVersion(apiVersion: string): readonly [string, string] {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}

/** A node that is not there is named all the same, without UID. */
function refTo(object: Readonly<KubeObject> | undefined, name = ''): ObjectRef {
  const { metadata } = object ?? {};
  return { name: metadata?.name ?? name, ...(metadata?.uid === undefined ? {} : { uid: metadata.uid }) };
}

function checkUid(ref: BoundObjectReference, object: Readonly<KubeObject>): void {
  const uid = object.metadata?.uid ?? '';
  if (ref.uid === undefined || ref.uid === '' || ref.uid === uid) return;
  throw conflict(
    { group: '', resource: ref.kind ?? '' },
    ref.name ?? '',
    `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
  );
}

interface ClaimParts extends Omit<TokenRequestContext, 'admit'> {
  readonly uid: string;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound: Bound;
}

function claimsOf(parts: ClaimParts): ServiceAccountClaims {
  const { namespace, name, uid, issuer, audiences, bound, expirationSeconds } = parts;
  const now = Math.floor(parts.now / 1000);
  const isExtended =
    bound.pod !== undefined &&
    expirationSeconds === warnOnlyExpirationSeconds &&
    audiences.every((audience) => issuer.apiAudiences.includes(audience));
  return {
    aud: audiences,
    exp: now + (isExtended ? extendedExpirationSeconds : expirationSeconds),
    iat: now,
    iss: issuer.issuer,
    jti: parts.uuid(),
    'kubernetes.io': {
      namespace,
      ...(bound.node === undefined ? {} : { node: bound.node }),
      ...(bound.pod === undefined ? {} : { pod: bound.pod }),
      ...(bound.secret === undefined ? {} : { secret: bound.secret }),
      serviceaccount: { name, uid },
      ...(isExtended ? { warnafter: now + expirationSeconds } : {}),
    },
    nbf: now,
    sub: serviceAccountUsername({ namespace, name }),
  };
}

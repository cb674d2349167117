import type { UserInfo } from '../registry/strategy.ts';
import {
  authenticatedGroup,
  credentialIdKey,
  nodeNameKey,
  nodeUidKey,
  podNameKey,
  podUidKey,
  serviceAccountGroups,
  serviceAccountUsername,
} from './service-account.ts';
import { type SigningKey, signToken } from './signing-keys.ts';

export interface ObjectRef {
  readonly name: string;
  readonly uid?: string;
}

/** Claims of a token from the TokenRequest API, in the order in which they are written. */
export interface ServiceAccountClaims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly node?: ObjectRef;
    readonly pod?: ObjectRef;
    readonly secret?: ObjectRef;
    readonly serviceaccount: ObjectRef;
    readonly warnafter?: number;
  };
  readonly nbf: number;
  readonly sub: string;
}

/** Claims of a token that lives in a Secret of type kubernetes.io/service-account-token: no audience, no end. */
export interface LegacyClaims {
  readonly iss: 'kubernetes/serviceaccount';
  readonly 'kubernetes.io/serviceaccount/namespace': string;
  readonly 'kubernetes.io/serviceaccount/secret.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.uid': string;
  readonly sub: string;
}

export const legacyIssuer = 'kubernetes/serviceaccount';

export interface LegacyTokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly secretName: string;
}

/** The token that the token controller puts into a Secret. */
export function signLegacyToken(key: SigningKey, { namespace, name, uid, secretName }: LegacyTokenSubject): string {
  const claims: LegacyClaims = {
    iss: legacyIssuer,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: serviceAccountUsername({ namespace, name }),
  };
  return signToken(key, claims);
}

export interface ServiceAccountIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly jti?: string | undefined;
  readonly pod?: ObjectRef | undefined;
  readonly node?: ObjectRef | undefined;
}

export function serviceAccountUser({ namespace, name, uid, jti, pod, node }: ServiceAccountIdentity): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  if (jti !== undefined && jti !== '') extra[credentialIdKey] = [`JTI=${jti}`];
  if (node !== undefined && node.name !== '') {
    extra[nodeNameKey] = [node.name];
    if (node.uid !== undefined && node.uid !== '') extra[nodeUidKey] = [node.uid];
  }
  if (pod !== undefined) {
    extra[podNameKey] = [pod.name];
    extra[podUidKey] = [pod.uid ?? ''];
  }
  return {
    username: serviceAccountUsername({ namespace, name }),
    uid,
    groups: [...serviceAccountGroups(namespace), authenticatedGroup],
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

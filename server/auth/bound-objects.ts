import type { Api, KubeObject } from '../../api/object.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { splitServiceAccountUsername } from './service-account.ts';
import type { LegacyClaims, ObjectRef, ServiceAccountClaims } from './service-account-token.ts';

type Secret = Api<'io.k8s.api.core.v1.Secret'>;

// Clocks may differ by this much. Upstream: jwt.DefaultLeeway.
const leewaySeconds = 60;

/** Why a token is not, or no longer, good; undefined when it is. Looked up for each request: a token ends with the object it is bound to. */
export function tokenFault(claims: ServiceAccountClaims, reader: ClusterReader, nowMs: number): string | undefined {
  const now = nowMs / 1000;
  return timeFault(claims, now) ?? boundFault(claims, reader, now);
}

function timeFault({ nbf, exp, iat }: Partial<ServiceAccountClaims>, now: number): string | undefined {
  if (nbf !== undefined && now + leewaySeconds < nbf) return 'service account token is not valid yet';
  if (exp !== undefined && now - leewaySeconds > exp) return 'service account token has expired';
  if (iat !== undefined && now + leewaySeconds < iat) return 'service account token is issued in the future';
  return undefined;
}

const invalidated = 'service account token has been invalidated';

function boundFault(claims: ServiceAccountClaims, reader: ClusterReader, now: number): string | undefined {
  const { namespace = '', serviceaccount, secret, pod, node } = claims['kubernetes.io'] ?? {};
  const name = serviceaccount?.name ?? '';
  const account = reader.get('serviceaccounts', namespace, name);
  if (account === undefined) return `serviceaccounts ${JSON.stringify(name)} not found`;
  const uid = account.metadata?.uid ?? '';
  if (uid !== serviceaccount?.uid)
    return `service account UID (${uid}) does not match claim (${serviceaccount?.uid ?? ''})`;
  if (isGone(account, now)) return `service account ${namespace}/${name} has been deleted`;
  if (secret !== undefined) {
    const fault = refFault({ kind: 'secret', ref: secret, object: reader.get('secrets', namespace, secret.name), now });
    if (fault !== undefined) return fault;
  }
  if (pod !== undefined) {
    return refFault({ kind: 'pod', ref: pod, object: reader.get('pods', namespace, pod.name), now });
  }
  if (node !== undefined) return refFault({ kind: 'node', ref: node, object: reader.get('nodes', '', node.name), now });
  return undefined;
}

interface BoundRef {
  readonly kind: 'secret' | 'pod' | 'node';
  readonly ref: ObjectRef;
  readonly object: Readonly<KubeObject> | undefined;
  readonly now: number;
}

function refFault({ kind, ref, object, now }: BoundRef): string | undefined {
  if (object === undefined) return invalidated;
  const uid = object.metadata?.uid ?? '';
  if (uid !== (ref.uid ?? '')) {
    return `${kind} UID (${uid}) does not match service account ${kind} ref claim (${ref.uid ?? ''})`;
  }
  return isGone(object, now) ? invalidated : undefined;
}

function isGone(object: Readonly<KubeObject>, now: number): boolean {
  const deleted = object.metadata?.deletionTimestamp;
  return deleted !== undefined && Date.parse(deleted) / 1000 < now - leewaySeconds;
}

const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** The same for a token that lives in a Secret: it is good as long as the Secret holds it. */
export function legacyTokenFault(claims: LegacyClaims, token: string, reader: ClusterReader): string | undefined {
  const namespace = claims['kubernetes.io/serviceaccount/namespace'] ?? '';
  const secretName = claims['kubernetes.io/serviceaccount/secret.name'] ?? '';
  const name = claims['kubernetes.io/serviceaccount/service-account.name'] ?? '';
  const uid = claims['kubernetes.io/serviceaccount/service-account.uid'] ?? '';
  const missing = Object.entries({
    sub: claims.sub ?? '',
    namespace,
    secretName,
    serviceAccountName: name,
    serviceAccountUID: uid,
  });
  for (const [claim, value] of missing) if (value === '') return `${claim} claim is missing`;
  const subject = splitServiceAccountUsername(claims.sub);
  if (subject?.namespace !== namespace || subject.name !== name) return 'sub claim is invalid';
  const secret = reader.get<Secret>('secrets', namespace, secretName);
  if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined) return 'Token has been invalidated';
  if (secret.data?.['token'] !== Buffer.from(token).toString('base64')) return "Token does not match server's copy";
  const account = reader.get('serviceaccounts', namespace, name);
  if (account === undefined) return `serviceaccounts ${JSON.stringify(name)} not found`;
  if (account.metadata?.deletionTimestamp !== undefined) return `ServiceAccount ${namespace}/${name} has been deleted`;
  if (account.metadata?.uid !== uid)
    return `ServiceAccount UID (${account.metadata?.uid ?? ''}) does not match claim (${uid})`;
  if ((secret.metadata?.labels?.[invalidSinceLabel] ?? '') === '') return undefined;
  return (
    `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. ` +
    'Use tokens from the TokenRequest API or manually created secret-based tokens, ' +
    `or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`
  );
}

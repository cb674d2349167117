import { toTime } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';
import { badRequest } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';
import { bearerTokenOf } from './authenticator.ts';
import type { Authorizer } from './authorizer.ts';
import type { TokenVerifier } from './token-verifier.ts';

export type SelfSubjectReview = Api<'io.k8s.api.authentication.v1.SelfSubjectReview'>;
export type TokenReview = Api<'io.k8s.api.authentication.v1.TokenReview'>;
export type SelfSubjectRulesReview = Api<'io.k8s.api.authorization.v1.SelfSubjectRulesReview'>;
type ReviewedUser = Api<'io.k8s.api.authentication.v1.UserInfo'>;

/** POST of `selfsubjectreviews`: who am I. What the client sent is not looked at. */
export function reviewSelf(user: UserInfo, now: number): SelfSubjectReview {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: toTime(now) },
    status: { userInfo: reviewedUser(user) },
  };
}

/** POST of `tokenreviews`: whose token is this. Throws BadRequest. */
export function reviewToken(review: TokenReview, verifier: TokenVerifier): TokenReview {
  const { token = '', audiences = [] } = review.spec ?? {};
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const bearer = bearerTokenOf(`Bearer ${token}`);
  const wanted = audiences.length === 0 ? undefined : audiences;
  const verdict = bearer === undefined ? undefined : verifier.verify(bearer, wanted);
  const answered = {
    ...review,
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: review.metadata ?? {},
  };
  if (verdict === undefined) return { ...answered, status: { user: {} } };
  if (verdict.user === undefined) return { ...answered, status: { user: {}, error: verdict.error } };
  return {
    ...answered,
    status: { authenticated: true, user: reviewedUser(verdict.user), audiences: [...verdict.audiences] },
  };
}

/** POST of `selfsubjectrulesreviews`: what may I do in this namespace. Throws BadRequest. */
export async function reviewRules(
  review: SelfSubjectRulesReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SelfSubjectRulesReview> {
  const namespace = review.spec?.namespace ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
  const { resourceRules, nonResourceRules, incomplete, error } = await authorizer.rulesFor(user, namespace);
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {},
    status: {
      resourceRules: resourceRules.map(({ verbs, apiGroups, resources, resourceNames = [] }) => ({
        verbs: [...verbs],
        apiGroups: [...apiGroups],
        resources: [...resources],
        ...(resourceNames.length === 0 ? {} : { resourceNames: [...resourceNames] }),
      })),
      nonResourceRules: nonResourceRules.map(({ verbs, nonResourceURLs }) => ({
        verbs: [...verbs],
        nonResourceURLs: [...nonResourceURLs],
      })),
      incomplete,
      ...(error === undefined ? {} : { evaluationError: error }),
    },
  };
}

function reviewedUser({ username, uid = '', groups, extra = {} }: UserInfo): ReviewedUser {
  const entries = Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    username,
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(entries.length === 0 ? {} : { extra: Object.fromEntries(entries.map(([key, values]) => [key, [...values]])) }),
  };
}

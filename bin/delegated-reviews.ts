import type { ApiClient } from '../api/client.ts';

export interface ReviewedUser {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string;
}

interface TokenReview {
  readonly status?: { readonly authenticated?: boolean; readonly user?: Partial<ReviewedUser> };
}

/** Whose token it is, as the API server says; undefined: nobody's. */
export async function userOfToken(client: ApiClient, token: string): Promise<ReviewedUser | undefined> {
  const review = await client.request<TokenReview>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token },
  });
  const { authenticated = false, user = {} } = review.status ?? {};
  if (!authenticated) return undefined;
  const { username = '', groups = [], uid } = user;
  return { username, groups, ...(uid === undefined ? {} : { uid }) };
}

/** Whether the API server lets somebody; `attributes` of a resource or of a path, as a SubjectAccessReview has them. */
export async function isPermitted(client: ApiClient, user: ReviewedUser, attributes: object): Promise<boolean> {
  const review = await client.request<{ readonly status?: { readonly allowed?: boolean } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: user.username,
        groups: user.groups,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        ...attributes,
      },
    },
  );
  return review.status?.allowed === true;
}

import type { UserInfo } from '../registry/strategy.ts';

/** What a plug-in asks about the user of a request. */
export interface PermissionAttributes {
  readonly isResource: true;
  readonly user: UserInfo;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** A path that addresses no resource. */
export interface PathPermissionAttributes {
  readonly isResource: false;
  readonly user: UserInfo;
  readonly verb: string;
  readonly path: string;
}

export interface PermissionDecision {
  readonly decision: 'allow' | 'deny' | 'noOpinion';
  readonly reason: string;
  readonly error?: string;
}

/** The part of an authorizer that plug-ins need. */
export interface PermissionAuthorizer {
  authorize(attributes: PermissionAttributes): PermissionDecision | Promise<PermissionDecision>;
}

/** Whether the user may do `verb` for the signer itself or for all signers of its domain. */
export async function maySignFor(
  authorizer: PermissionAuthorizer,
  user: UserInfo,
  verb: 'approve' | 'sign' | 'attest',
  signerName: string,
): Promise<boolean> {
  const [domain = ''] = signerName.split('/');
  for (const name of [signerName, `${domain}/*`]) {
    const { decision } = await authorizer.authorize({
      isResource: true,
      user,
      verb,
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'signers',
      subresource: '',
      namespace: '',
      name,
    });
    if (decision === 'allow') return true;
  }
  return false;
}

/** How Go prints a reason and an error that may be missing. */
export function reasonAndError({ reason, error }: PermissionDecision): string {
  return `${reason}, ${error ?? '<nil>'}`;
}

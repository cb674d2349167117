import type { Api } from '../../../api/object.ts';
import { forbiddenByAdmission } from '../plugin.ts';
import type { NodeRequest } from './node-request.ts';
import { existingPod } from './pods.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type Volume = Api<'io.k8s.api.core.v1.PersistentVolume'>;
type CsiDriver = Api<'io.k8s.api.storage.v1.CSIDriver'>;
type TokenRequest = Api<'io.k8s.api.authentication.v1.TokenRequest'>;

/** Kubelets ask for tokens of pods that run on their node, for audiences that these pods name. */
export async function admitTokenRequest(asked: NodeRequest): Promise<void> {
  const { request, node } = asked;
  if (request.operation !== 'CREATE' || request.subresource !== 'token') return;
  const refuse = (why: string): Error => forbiddenByAdmission(request, why);
  const { spec }: Readonly<TokenRequest> = request.object ?? {};
  const { apiVersion, kind, name = '', uid = '' } = spec?.boundObjectRef ?? {};
  if (apiVersion !== 'v1' || kind !== 'Pod' || name === '') throw refuse('node requested token not bound to a pod');
  if (uid === '') throw refuse('node requested token with a pod binding without a uid');
  const pod = existingPod(asked, name);
  if (pod.metadata?.uid !== uid) {
    const what = `the UID in the bound object reference (${uid}) does not match the UID in record`;
    throw refuse(`${what}. The object might have been deleted and then recreated`);
  }
  if (pod.spec?.nodeName !== node) throw refuse('node requested token bound to a pod scheduled on a different node');
  const [audience = '', another] = spec?.audiences ?? [];
  if (another !== undefined) throw refuse('node may only request 0 or 1 audiences');
  if (namesAudience(asked, pod, audience) || (await mayAskFor(asked, audience))) return;
  const what = `audience ${JSON.stringify(audience)} not found in pod spec volume`;
  throw refuse(`${what}, ${request.user.username} is not authorized to request tokens for this audience`);
}

async function mayAskFor({ request, authorizer }: NodeRequest, audience: string): Promise<boolean> {
  const { decision } = await authorizer.authorize({
    isResource: true,
    user: request.user,
    verb: 'request-serviceaccounts-token-audience',
    group: '',
    version: 'v1',
    resource: audience,
    subresource: '',
    namespace: request.namespace,
    name: request.name,
  });
  return decision === 'allow';
}

function namesAudience(asked: NodeRequest, pod: Readonly<Pod>, audience: string): boolean {
  for (const { name = '', projected, ephemeral, persistentVolumeClaim, csi } of pod.spec?.volumes ?? []) {
    const tokens = (projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
    if (tokens.some((token) => (token.audience ?? '') === audience)) return true;
    const claim = ephemeral === undefined ? persistentVolumeClaim?.claimName : `${pod.metadata?.name}-${name}`;
    const driver = claim === undefined ? csi?.driver : driverOfClaim(asked, claim);
    if (driver !== undefined && driverNames(asked, driver, audience)) return true;
  }
  return false;
}

function driverOfClaim({ request, reader }: NodeRequest, name: string): string | undefined {
  const claim = reader.get<Claim>('persistentvolumeclaims', request.namespace, name);
  return reader.get<Volume>('persistentvolumes', '', claim?.spec?.volumeName ?? '')?.spec?.csi?.driver;
}

function driverNames({ reader }: NodeRequest, name: string, audience: string): boolean {
  const driver = reader.get<CsiDriver>('csidrivers.storage.k8s.io', '', name);
  return (driver?.spec?.tokenRequests ?? []).some((request) => (request.audience ?? '') === audience);
}

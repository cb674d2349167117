import { toTime } from '../../../api/clock.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { type ControllerContext, type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import type { RequestedCertificate, Signing } from '../../framework/signing.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { kubeletClientError, kubeletClientSigner, signerRules } from './request-rules.ts';

export type SigningRequest = Readonly<Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>>;
type Condition = Api<'io.k8s.api.certificates.v1.CertificateSigningRequestCondition'>;
type AccessReview = Api<'io.k8s.api.authorization.v1.SubjectAccessReview'>;

export const signingRequests: GroupVersionResource = {
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'certificatesigningrequests',
};
const accessReviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const workers = 5;
const longestMs = 365 * 24 * 3600_000;
const shortestMs = 10 * 60_000;

export function hasCondition({ status }: SigningRequest, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status !== 'False') === true;
}

/** The PEM text in a field of bytes. */
export function textOf(bytes: string | undefined): string {
  return bytes === undefined ? '' : atob(bytes);
}

function withCondition(request: SigningRequest, condition: Condition): SigningRequest {
  const { status = {} } = request;
  return { ...request, status: { ...status, conditions: [...(status.conditions ?? []), condition] } };
}

/** As long as was asked for, within bounds. */
export function lifetimeMs(expirationSeconds: number | undefined): number {
  if (expirationSeconds === undefined) return longestMs;
  return Math.min(longestMs, Math.max(shortestMs, expirationSeconds * 1000));
}

/** The request with its certificate, or with the reason why it gets none; undefined where there is nothing to do. */
export function signed(request: SigningRequest, signing: Signing, now: number): SigningRequest | undefined {
  const { spec = {}, status } = request;
  if (status?.certificate || !hasCondition(request, 'Approved') || hasCondition(request, 'Failed')) return undefined;
  const rule = signerRules.get(spec.signerName ?? '');
  if (rule === undefined || signing.signCertificate === undefined) return undefined;
  const text = textOf(spec.request);
  const asked = signing.readRequest(text);
  if (asked === undefined) throw new Error(`unable to parse csr "${request.metadata?.name}"`);
  const usages = spec.usages ?? [];
  const message = rule(asked, usages);
  if (message !== undefined)
    return withCondition(request, {
      type: 'Failed',
      status: 'True',
      reason: 'SignerValidationFailure',
      message,
      lastUpdateTime: toTime(now),
    });
  const certificate = signing.signCertificate(text, { usages, ttlMs: lifetimeMs(spec.expirationSeconds), now });
  return { ...request, status: { ...status, certificate: btoa(certificate) } };
}

interface Recognition {
  readonly subresource: string;
  readonly message: string;
  matches(request: SigningRequest, asked: RequestedCertificate): boolean;
}

const recognitions: readonly Recognition[] = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    matches: (request, asked) => request.spec?.username === asked.commonName && isNodeClient(request, asked),
  },
  {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    matches: isNodeClient,
  },
];

function isNodeClient({ spec }: SigningRequest, asked: RequestedCertificate): boolean {
  return spec?.signerName === kubeletClientSigner && kubeletClientError(asked, spec.usages ?? []) === undefined;
}

async function approve({ client, options }: ControllerContext, request: SigningRequest): Promise<void> {
  const { spec = {}, status } = request;
  if (status?.certificate || hasCondition(request, 'Approved') || hasCondition(request, 'Denied')) return;
  const asked = options.signing?.readRequest(textOf(spec.request));
  if (asked === undefined) return;
  for (const { subresource, message } of recognitions.filter(({ matches }) => matches(request, asked))) {
    const { username: user = '', uid, groups, extra } = spec;
    const { group, resource } = signingRequests;
    const review = await client.request<AccessReview>('POST', accessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user,
        ...(uid === undefined ? {} : { uid }),
        ...(groups === undefined ? {} : { groups }),
        ...(extra === undefined ? {} : { extra }),
        resourceAttributes: { group, resource, verb: 'create', subresource, version: '*' },
      },
    });
    if (review.status?.allowed !== true) continue;
    const approval = withCondition(request, { type: 'Approved', status: 'True', reason: 'AutoApproved', message });
    await client.update(signingRequests, '', approval, { subresource: 'approval' });
    return;
  }
}

function definition(
  name: string,
  look: (context: ControllerContext, request: SigningRequest) => Promise<void>,
): ControllerDefinition {
  return {
    name,
    start: (context, signal) => {
      const queue = new WorkQueue(context.clock);
      const informer =
        context.informers.of<Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>>(signingRequests);
      const enqueue = ({ metadata }: SigningRequest): void => queue.add(metadata?.name ?? '');
      informer.subscribe({ added: enqueue, updated: enqueue });
      const reconcile = async (key: string): Promise<void> => {
        const request = informer.get(key);
        if (request !== undefined) await look(context, request);
      };
      return startReconciling({ name, workers, informers: [informer], queue, reconcile }, context, signal);
    },
  };
}

/** Signs what is approved for one of Kubernetes' own signers. */
export const signingRequestSigner = definition(
  'certificatesigningrequest-signing-controller',
  async ({ client, clock, options }, request) => {
    if (options.signing?.signCertificate === undefined) return;
    const done = signed(request, options.signing, clock.now());
    if (done !== undefined) await client.update(signingRequests, '', done, { subresource: 'status' });
  },
);

/** Approves the requests of kubelets that may ask for themselves. */
export const signingRequestApprover = definition('certificatesigningrequest-approving-controller', approve);

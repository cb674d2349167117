import type { RequestedCertificate } from '../../framework/signing.ts';

export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
const nodePrefix = 'system:node:';

function isExactly(usages: readonly string[], required: readonly string[]): boolean {
  const given = new Set(usages);
  return given.size === required.length && required.every((usage) => given.has(usage));
}

function nodeUsagesError(usages: readonly string[], auth: string): string | undefined {
  const withoutRsa = ['digital signature', auth];
  const required = [...withoutRsa, 'key encipherment'].sort();
  if (isExactly(usages, required) || isExactly(usages, withoutRsa)) return undefined;
  return `usages did not match [${required.join(' ')}]`;
}

function isOfNodes({ organizations }: RequestedCertificate): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes';
}

/** Why a request is not one of a kubelet that wants to speak to the API server. */
export function kubeletClientError(request: RequestedCertificate, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!request.commonName.startsWith(nodePrefix)) return 'subject common name does not begin with system:node:';
  return nodeUsagesError(usages, 'client auth');
}

/** Why a request is not one of a kubelet that serves. */
function kubeletServingError(request: RequestedCertificate, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length === 0 && request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  const usagesError = nodeUsagesError(usages, 'server auth');
  if (usagesError !== undefined) return usagesError;
  return request.commonName.startsWith(nodePrefix) ? undefined : 'subject common name does not begin with system:node:';
}

function clientError(_request: RequestedCertificate, usages: readonly string[]): string | undefined {
  const allowed = ['digital signature', 'key encipherment', 'client auth'];
  const other = usages.find((usage) => !allowed.includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

/** The signers of Kubernetes itself, and why one of them refuses. */
export const signerRules: ReadonlyMap<
  string,
  (request: RequestedCertificate, usages: readonly string[]) => string | undefined
> = new Map([
  ['kubernetes.io/kubelet-serving', kubeletServingError],
  [kubeletClientSigner, kubeletClientError],
  ['kubernetes.io/kube-apiserver-client', clientError],
  ['kubernetes.io/legacy-unknown', () => undefined],
]);

import { isResource, type Request, type Response } from './admission-review.ts';

const label = 'webhook-e2e-test';

const problem = (message: string): Response => ({ allowed: false, status: { metadata: {}, message } });
const refusal = (reason: string): Response => ({ allowed: false, status: { metadata: {}, reason } });

/** Pods with an unwanted label or name of a container; one label is never answered. */
export function admitPods(request: Request): Response | undefined {
  if (!isResource(request, '', 'v1', 'pods')) return problem('expect resource to be {v1 pods}');
  const { metadata, spec } = request.object ?? {};
  const value = metadata?.labels?.[label];
  if (value === 'wait-forever') return undefined;
  const reasons: string[] = value === 'webhook-disallow' ? ['the pod contains unwanted label;'] : [];
  for (const { name = '' } of spec?.containers ?? [])
    if (name.includes('webhook-disallow')) reasons.push('the pod contains unwanted container name;');
  return reasons.length > 0 ? problem(reasons.join(' ')) : { allowed: true };
}

/** Attaching with input to one container of one pod. */
export function denyAttachment(request: Request): Response {
  if (request.name !== 'to-be-attached-pod') return { allowed: true };
  if (!isResource(request, '', 'v1', 'pods')) return problem('expect resource to be {v1 pods}');
  if (request.subResource !== 'attach')
    return problem(`expect subresource to be attach, got ${request.subResource ?? ''}`);
  const { stdin = false, container } = request.object ?? {};
  return stdin && container === 'container1'
    ? problem("attaching to pod 'to-be-attached-pod' is not allowed")
    : { allowed: true };
}

function admitData({ operation, object, oldObject }: Request, what: string, unwanted: string): Response {
  const value = (operation === 'DELETE' ? oldObject : object)?.data?.[label];
  if (value === 'webhook-disallow' && (operation === 'CREATE' || operation === 'UPDATE'))
    return refusal(`the ${what} contains unwanted ${unwanted}`);
  if (value === 'webhook-nondeletable' && operation === 'DELETE')
    return refusal(`the ${what} cannot be deleted because it contains unwanted key and value`);
  return { allowed: true };
}

export function admitConfigMaps(request: Request): Response {
  if (!isResource(request, '', 'v1', 'configmaps')) return problem('expect resource to be {v1 configmaps}');
  return admitData(request, 'configmap', 'key and value');
}

export function admitCustomResource(request: Request): Response {
  return admitData(request, 'custom resource', 'data');
}

export function admitDefinition(request: Request): Response {
  const isKnown = ['v1', 'v1beta1'].some((version) =>
    isResource(request, 'apiextensions.k8s.io', version, 'customresourcedefinitions'),
  );
  if (!isKnown) return problem('expect resource to be customresourcedefinitions');
  return request.object?.metadata?.labels?.[label] === 'webhook-disallow'
    ? problem('the crd contains unwanted label')
    : { allowed: true };
}

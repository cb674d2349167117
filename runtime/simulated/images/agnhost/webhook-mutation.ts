import { type Handling, isResource, type Request, type Response } from './admission-review.ts';

const allowed: Response = { allowed: true };
const patched = (op: string, path: string, value: unknown): Response => ({
  allowed: true,
  patch: [{ op, path, value }],
});

export function addLabel({ object }: Request): Response {
  const labels = object?.metadata?.labels ?? {};
  const value = labels['added-label'];
  if (Object.keys(labels).length === 0) return patched('add', '/metadata/labels', { 'added-label': 'yes' });
  if (value === undefined) return patched('add', '/metadata/labels/added-label', 'yes');
  return value === 'yes' ? allowed : patched('replace', '/metadata/labels/added-label', 'yes');
}

/** Two stages: what the first one added is what the second one looks for. */
export function mutateData({ object }: Request): Response {
  const data = object?.data ?? {};
  if (data['mutation-stage-1'] === 'yes') return patched('add', '/data/mutation-stage-2', 'yes');
  return data['mutation-start'] === 'yes' ? patched('add', '/data/mutation-stage-1', 'yes') : allowed;
}

const hasName = (containers: readonly { readonly name?: string }[] | undefined, name: string): boolean =>
  (containers ?? []).some((container) => container.name === name);

export function mutatePods(request: Request): Response {
  if (!isResource(request, '', 'v1', 'pods')) return allowed;
  const { metadata, spec } = request.object ?? {};
  const name = 'webhook-added-init-container';
  if (metadata?.name !== 'webhook-to-be-mutated' || hasName(spec?.initContainers, name)) return allowed;
  return patched('add', '/spec/initContainers', [{ image: 'webhook-added-image', name, resources: {} }]);
}

export function mutatePodsSidecar(request: Request, { sidecarImage }: Handling): Response {
  if (sidecarImage === '') {
    const message = 'No image specified by the sidecar-image parameter';
    return { allowed: false, status: { metadata: {}, status: 'Failure', message, code: 500 } };
  }
  const name = 'webhook-added-sidecar';
  if (!isResource(request, '', 'v1', 'pods') || hasName(request.object?.spec?.containers, name)) return allowed;
  return patched('add', '/spec/containers/-', { image: sidecarImage, name, resources: {} });
}

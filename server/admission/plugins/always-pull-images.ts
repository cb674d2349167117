import { FieldPath, fieldErrorMessage, notSupported } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission, isPodRequest } from '../plugin.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;

interface Pulled {
  image?: string;
  imagePullPolicy?: string;
}

/** Nobody runs an image only because somebody else pulled it to the node. */
export function createAlwaysPullImages(): AdmissionPlugin {
  return {
    name: 'AlwaysPullImages',
    handles: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && isPodRequest(request),
    mutate(request) {
      const { spec = {} }: Pod = request.object ?? {};
      if (hasNoNewImages(request)) return;
      for (const [, container] of containersOf(spec)) container.imagePullPolicy = 'Always';
      for (const { image } of spec.volumes ?? []) if (image !== undefined) image.pullPolicy = 'Always';
    },
    validate(request) {
      const { spec = {} }: Pod = request.object ?? {};
      if (hasNoNewImages(request)) return;
      const problems = problemsOf(spec).map((problem) => forbiddenByAdmission(request, problem).message);
      if (problems.length === 0) return;
      // Upstream answers with the bare errors, which reach the client as one of the server.
      const [first = ''] = problems;
      throw new StatusError('', problems.length === 1 ? first : `[${problems.join(', ')}]`, { code: 500 });
    },
  };
}

function containersOf(spec: PodSpec): [FieldPath, Pulled][] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, i): [FieldPath, Pulled] => [FieldPath.of('spec', list).index(i), container]),
  );
}

function problemsOf(spec: PodSpec): string[] {
  const problems = containersOf(spec)
    .filter(([, { imagePullPolicy }]) => imagePullPolicy !== 'Always')
    .map(([path, { imagePullPolicy = '' }]) =>
      notSupported(path.child('imagePullPolicy'), imagePullPolicy, ['Always']),
    );
  for (const [i, { image }] of (spec.volumes ?? []).entries()) {
    if (image === undefined || image.pullPolicy === 'Always') continue;
    const path = FieldPath.of('spec', 'volumes').index(i).child('image', 'pullPolicy');
    problems.push(notSupported(path, image.pullPolicy ?? '', ['Always']));
  }
  return problems.map(fieldErrorMessage);
}

function hasNoNewImages({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE') return false;
  const { spec = {} }: Pod = object ?? {};
  const { spec: old = {} }: Pod = oldObject ?? {};
  const known = new Set(containersOf(old).map(([, { image }]) => image));
  return containersOf(spec).every(([, { image }]) => known.has(image));
}

import { goQuote } from '../../../api/go-text.ts';
import type { Api } from '../../../api/object.ts';
import { type CheckedPod, distinct, named, namesOf, plural, quotedList, setters, type Violation } from './check.ts';

type Container = Api<'io.k8s.api.core.v1.Container'>;

const reason = 'seccompProfile';
const podAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

/** Profiles that do not take protection away. */
export const profileTypes: ReadonlySet<string> = new Set(['RuntimeDefault', 'Localhost']);

/** Before there were fields for it. */
export function seccompBaselineOfAnnotations({ annotations, containers }: CheckedPod): Violation | undefined {
  const keys = [podAnnotation, ...namesOf(containers).map((name) => containerPrefix + name)];
  const bad = keys.flatMap((key) => {
    const value = annotations[key];
    const isFine = value === undefined || /^(?:runtime\/default$|docker\/default$|localhost\/)/.test(value);
    return isFine ? [] : [`${key}=${goQuote(value)}`];
  });
  if (bad.length === 0) return undefined;
  const listed = distinct(bad);
  return { reason, detail: `forbidden ${plural(listed.length, 'annotation')} ${listed.join(', ')}` };
}

function typeOf({ securityContext }: Readonly<Container>): string | undefined {
  return securityContext?.seccompProfile?.type;
}

function isBad(type: string | undefined): boolean {
  return type !== undefined && !profileTypes.has(type);
}

export function seccompBaseline({ spec, containers }: CheckedPod): Violation | undefined {
  const podType = spec.securityContext?.seccompProfile?.type;
  const bad = containers.filter((container) => isBad(typeOf(container)));
  const who = setters(isBad(podType), namesOf(bad));
  if (who === '') return undefined;
  const types = distinct([podType, ...bad.map(typeOf)].flatMap((type) => (isBad(type) ? [type ?? ''] : [])));
  return { reason, detail: `${who} must not set securityContext.seccompProfile.type to ${quotedList(types)}` };
}

export function seccompRestricted(pod: CheckedPod): Violation | undefined {
  const explicit = seccompBaseline(pod);
  if (explicit !== undefined || pod.spec.securityContext?.seccompProfile !== undefined) return explicit;
  const bad = pod.containers.filter(({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (bad.length === 0) return undefined;
  const must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason, detail: `pod or ${named('container', namesOf(bad))} ${must}` };
}

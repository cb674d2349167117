import type { FieldPath } from '../../../api/field-error.ts';
import type { Container, EphemeralContainer, PodSpec } from './pod-types.ts';

type Visitor<C> = (container: C, path: () => FieldPath) => void;

/** Every container in upstream's order: init, ordinary, ephemeral. The path is made only when asked for. */
export function visitContainers(
  spec: Readonly<PodSpec>,
  specPath: FieldPath,
  visit: Visitor<Container | EphemeralContainer>,
): void {
  visitList(spec.initContainers, specPath, 'initContainers', visit);
  visitList(spec.containers, specPath, 'containers', visit);
  visitList(spec.ephemeralContainers, specPath, 'ephemeralContainers', visit);
}

function visitList<C>(list: readonly C[] | undefined, specPath: FieldPath, field: string, visit: Visitor<C>): void {
  if (list === undefined) return;
  for (const [i, container] of list.entries()) visit(container, () => specPath.child(field).index(i));
}

export function allContainers(spec: Readonly<PodSpec>): (Container | EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

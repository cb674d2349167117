import type { Api } from '../../../api/object.ts';

type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;
type Container = Api<'io.k8s.api.core.v1.Container'>;

/** A pod, or what a template makes of one. */
export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<PodSpec>;
  /** Init, main and ephemeral ones, in this order. */
  readonly containers: readonly Readonly<Container>[];
}

export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export type PodCheck = (pod: CheckedPod) => Violation | undefined;

/** One rule through the releases of Kubernetes. */
export interface VersionedCheck {
  readonly id: string;
  /** By the minor version that began with it, oldest first. */
  readonly since: readonly (readonly [minor: number, check: PodCheck])[];
  /** The rule of the baseline level that this one makes superfluous. */
  readonly replaces?: string;
}

export function checkedPod(
  annotations: Readonly<Record<string, string>> | undefined,
  spec: Readonly<PodSpec>,
): CheckedPod {
  const containers: Readonly<Container>[] = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  return { annotations: annotations ?? {}, spec, containers };
}

/** Sorted, each once. */
export function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

export function quotedList(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(', ');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}

/** `containers "a", "b"`. */
export function named(kind: string, names: readonly string[]): string {
  return `${plural(names.length, kind)} ${quotedList(names)}`;
}

/** `pod and container "a"`: who set something. */
export function setters(byPod: boolean, containers: readonly string[]): string {
  return [...(byPod ? ['pod'] : []), ...(containers.length > 0 ? [named('container', containers)] : [])].join(' and ');
}

export function namesOf(containers: readonly Readonly<Container>[]): string[] {
  return containers.map(({ name = '' }) => name);
}

export function isWindows({ spec }: CheckedPod): boolean {
  return spec.os?.name === 'windows';
}

/** In a user namespace of its own, root is not the node's root. */
export function hasUserNamespace({ spec }: CheckedPod): boolean {
  return spec.hostUsers === false;
}

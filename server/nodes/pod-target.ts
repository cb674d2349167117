import type { Api } from '../../api/object.ts';
import { badRequest } from '../../api/status.ts';
import type { ContainerName } from '../../api/streams/node-connection.ts';
import type { ResourceCall } from '../http/handlers/handler.ts';
import { findEntry } from '../http/handlers/read.ts';

export type Pod = Api<'io.k8s.api.core.v1.Pod'>;

export function podOf({ served: { stored }, info }: ResourceCall): Readonly<Pod> {
  return stored.cache.objectOf(findEntry(stored, info.namespace, info.name)) as Readonly<Pod>;
}

/** The container that is meant, or who could be. Upstream: registry/core/pod validateContainer. */
export function containerOf({ metadata, spec }: Readonly<Pod>, asked: string): string {
  const { name = '' } = metadata ?? {};
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec ?? {};
  const names = [...initContainers, ...containers, ...ephemeralContainers].map((container) => container.name);
  if (asked !== '') {
    if (!names.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only.name ?? '';
  const choice = containers.length === 0 ? '' : `, choose one of: [${names.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${name}${choice}`);
}

/** Throws for a pod without a node. */
export function nodeOf({ metadata, spec }: Readonly<Pod>): string {
  const { nodeName = '' } = spec ?? {};
  if (nodeName === '') throw badRequest(`pod ${metadata?.name ?? ''} does not have a host assigned`);
  return nodeName;
}

export function targetOf({ metadata }: Readonly<Pod>, container: string): ContainerName {
  const { namespace = '', name = '', uid } = metadata ?? {};
  return { namespace, pod: name, container, ...(uid === undefined ? {} : { uid }) };
}

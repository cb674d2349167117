import { createHash } from 'node:crypto';
import type { Clock } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import { ImageError, type ImageFacts, type ImageStore, type RegistryCredential } from '../kubelet/pod-runtime.ts';
import type { ImageCatalog } from './image-catalog.ts';
import { parseReference } from './images/reference.ts';
import { accessDenied, opening } from './images/registry-logins.ts';

interface Pulled {
  readonly facts: ImageFacts;
  readonly at: number;
}

/** Images of all nodes: what was pulled there is there. */
export function createImageStore(clock: Clock, catalog: ImageCatalog): ImageStore {
  const nodes = new Map<string, Map<string, Pulled>>();
  const known = new Map<string, ImageFacts>();
  /** With whose names private images were pulled to a node. */
  const pullers = new Map<string, Set<string>>();
  const imagesOf = (node: string): Map<string, Pulled> => {
    const images = nodes.get(node) ?? new Map<string, Pulled>();
    nodes.set(node, images);
    return images;
  };
  // Whoever asks for it by a shorter name has the same image.
  const distinct = (node: string): ImageFacts[] => [
    ...new Map([...(nodes.get(node)?.values() ?? [])].map(({ facts }) => [facts.name, facts])).values(),
  ];
  return {
    find: (node, image, credentials = []) => {
      const names = pullers.get(`${node} ${image}`);
      const isOpen = names === undefined || credentials.some((one) => names.has(keyOf(one)));
      return isOpen ? nodes.get(node)?.get(image)?.facts : undefined;
    },
    count: (node) => nodes.get(node)?.size ?? 0,
    usage: (node) => ({ bytes: distinct(node).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), files: 0 }),
    collect: (node, isUsed, before) => {
      const images = nodes.get(node);
      if (images === undefined) return;
      const kept = new Set<string>();
      for (const [name, { facts, at }] of images)
        if (at > before || isUsed(name) || isUsed(facts.name)) kept.add(facts.name);
      for (const [name, { facts }] of images) {
        if (kept.has(facts.name)) continue;
        images.delete(name);
        pullers.delete(`${node} ${name}`);
      }
    },
    largest: (node, limit) =>
      distinct(node)
        .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
        .slice(0, limit)
        .map(({ name, sizeBytes }) => ({ names: [...new Set([imageIdOf(name), name])], sizeBytes })),
    pull: async (node, image, pod, credentials = []) => {
      const reference = parseReference(image);
      if (typeof reference === 'string')
        throw new ImageError('InvalidImageName', `couldn't parse image name "${image}": ${reference}`);
      const {
        delayMs,
        error,
        users,
        sizeBytes = sizeOf(reference.path),
      } = await catalog.pulling(reference, image, pod);
      await sleep(clock, delayMs, new AbortController().signal);
      if (error !== undefined) throw new ImageError('ErrImagePull', error);
      if (users !== undefined) {
        const login = opening(reference, users, credentials);
        if (login === undefined) throw new ImageError('ErrImagePull', accessDenied(reference));
        const key = `${node} ${image}`;
        pullers.set(key, (pullers.get(key) ?? new Set()).add(keyOf(login)));
      }
      const before = known.get(image);
      const facts = before?.sizeBytes === sizeBytes ? before : { name: reference.name, sizeBytes };
      known.set(image, facts);
      imagesOf(node).set(image, { facts, at: clock.now() });
      return facts;
    },
  };
}

function keyOf({ user, password }: RegistryCredential): string {
  return `${user}\n${password}`;
}

/** Between two and a hundred million bytes, always the same for a name. */
function sizeOf(path: string): number {
  let hash = 2_166_136_261;
  for (const char of path) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619) >>> 0;
  return 2_000_000 + (hash % 98_000_000);
}

/** As a container's status names it: by what it holds, which stands for its name here. */
export function imageIdOf(image: string): string {
  const reference = parseReference(image);
  if (typeof reference === 'string') return image;
  const { registry, path, name, digest } = reference;
  return `${registry}/${path}@${digest === '' ? `sha256:${createHash('sha256').update(name).digest('hex')}` : digest}`;
}

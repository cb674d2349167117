import type { ImageStore } from '../pod-runtime.ts';
import type { HostedPod } from '../server/kubelet-host.ts';

/** An image that has just come may be used right away. */
const leastAgeMs = 2 * 60_000;

interface EndedOrNot extends HostedPod {
  readonly isOver: boolean;
}

export interface Reclaimable {
  readonly node: string;
  readonly images: Pick<ImageStore, 'collect'>;
  pods(): Iterable<EndedOrNot>;
}

/** Before pods go, what nobody uses does: what is left of pods that have ended, and images. */
export function reclaimDisk({ node, images, pods }: Reclaimable, now: number): void {
  const used = new Set<string>();
  for (const pod of pods()) {
    for (const { logs, wasCreated, image, spec } of pod.containers()) {
      if (pod.isOver) logs.drop();
      else if (wasCreated) used.add(image).add(spec.image ?? '');
    }
    if (pod.isOver) continue;
    for (const { image } of pod.pod.spec?.volumes ?? []) if (image?.reference !== undefined) used.add(image.reference);
  }
  images.collect?.(node, (name) => used.has(name), now - leastAgeMs);
}

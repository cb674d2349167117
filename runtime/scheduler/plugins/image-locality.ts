import type { SchedulerCache } from '../cache.ts';
import { maxScore, type Plugin } from '../framework.ts';
import { normalizedImageName } from '../node-info.ts';

const mebibyte = 2 ** 20;
/** Less than this is loaded quickly. */
const least = 23 * mebibyte;
const mostPerContainer = 1000 * mebibyte;

/** Nodes that have the pod's images already; an image that few nodes have counts less, so that pods do not crowd there. */
export function imageLocality(cache: SchedulerCache): Plugin {
  return {
    name: 'ImageLocality',
    hints: [],
    score: ({ pod }) => {
      const { containers = [], initContainers = [], volumes = [] } = pod.spec ?? {};
      const images = [
        ...[...initContainers, ...containers].map(({ image = '' }) => image),
        ...volumes.flatMap(({ image }) => (image === undefined ? [] : [image.reference ?? ''])),
      ].map(normalizedImageName);
      const shares = images.flatMap((image) => {
        const count = cache.nodesWithImage(image);
        return count === 0 ? [] : [{ image, share: count / cache.nodes.length }];
      });
      // Nothing on any node: all score the same.
      if (shares.length === 0) return undefined;
      const most = mostPerContainer * (containers.length + initContainers.length);
      return {
        score: (node) => {
          let sum = 0;
          for (const { image, share } of shares) sum += Math.trunc((node.images.get(image) ?? 0) * share);
          const bounded = Math.min(Math.max(sum, least), most);
          return Math.trunc((maxScore * (bounded - least)) / (most - least));
        },
      };
    },
  };
}

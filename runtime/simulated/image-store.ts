import { ImageError, type ImageFacts, type ImageStore } from '../kubelet/pod-runtime.ts';

const imageBytes = 4_000_000;

/** Images of all nodes. Every name that can be read is there to be pulled, but for hosts that cannot exist (RFC 2606). */
export function createImageStore(): ImageStore {
  const nodes = new Map<string, Map<string, ImageFacts>>();
  const imagesOf = (node: string): Map<string, ImageFacts> => {
    const images = nodes.get(node) ?? new Map<string, ImageFacts>();
    nodes.set(node, images);
    return images;
  };
  return {
    find: (node, image) => imagesOf(node).get(image),
    pull: async (node, image) => {
      if (/[A-Z\s]/.test(image.replace(/[:@].*$/, '')))
        throw new ImageError('InvalidImageName', `couldn't parse image name "${image}": invalid reference format`);
      const [host = ''] = image.split('/');
      if (host.split('.').includes('invalid'))
        throw new ImageError(
          'ErrImagePull',
          `failed to pull and unpack image "${image}": failed to resolve reference "${image}": failed to do request: ` +
            `dial tcp: lookup ${host}: no such host`,
        );
      const facts = { name: image, sizeBytes: imageBytes };
      imagesOf(node).set(image, facts);
      return facts;
    },
  };
}

import type { Container, Pod } from '../kubelet/pod-runtime.ts';
import type { Program } from '../processes/program.ts';
import { imageOf, unknownImage } from './images/catalog.ts';
import { globOf } from './images/glob.ts';
import type { Image } from './images/image.ts';
import type { ImageReference } from './images/reference.ts';
import { ImageTable } from './images/table/image-table.ts';
import { notFound, unavailability } from './images/unavailable.ts';

export interface ImageCatalogOptions {
  /** Programs by glob on the image's name; they come before all others. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** Users' descriptions, which come before built-in images. */
  readonly table?: ImageTable;
  /** Whether images that nobody knows cannot be pulled. */
  readonly isStrict?: boolean;
}

export interface Pulling {
  readonly delayMs: number;
  /** Default: something made up. */
  readonly sizeBytes?: number;
  /** Why it fails. */
  readonly error?: string;
  /** Passwords of those who alone may pull it, by name. */
  readonly users?: Readonly<Record<string, string>>;
}

/** Which images there are, and what they do. */
export interface ImageCatalog {
  imageFor(container: Container, pod: Readonly<Pod>): Promise<Image>;
  pulling(reference: ImageReference, image: string, pod: Readonly<Pod>): Promise<Pulling>;
}

export function createImageCatalog({
  programs = {},
  table = new ImageTable(),
  isStrict = false,
}: ImageCatalogOptions = {}): ImageCatalog {
  const given = Object.entries(programs).map(([glob, program]) => ({ glob: globOf(glob), image: imageWith(program) }));
  const givenFor = (name: string): Image | undefined => given.find(({ glob }) => glob.test(name))?.image;
  return {
    imageFor: async (container, pod) => {
      const { image: name = '' } = container;
      const own = givenFor(name);
      if (own !== undefined) return own;
      const entry = await table.entryFor(container, pod);
      return (entry === undefined ? imageOf(name) : table.imageOf(entry)) ?? unknownImage;
    },
    pulling: async (reference, image, pod) => {
      if (givenFor(image) !== undefined) return { delayMs: 0 };
      const container = containersOf(pod).find((one) => one.image === image) ?? { name: '', image };
      const entry = await table.entryFor(container, pod);
      if (entry !== undefined) return entry.pull;
      const error =
        unavailability(reference) ?? (isStrict && imageOf(image) === undefined ? notFound(reference) : undefined);
      return { delayMs: 0, ...(error === undefined ? {} : { error }) };
    },
  };
}

function imageWith(program: Program): Image {
  return { entrypoint: ['/main'], ignoresCommand: true, programs: { '/main': program } };
}

function containersOf({ spec }: Readonly<Pod>): readonly Container[] {
  return [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...((spec?.ephemeralContainers ?? []) as readonly Container[]),
  ];
}

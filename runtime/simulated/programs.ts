import type { Container } from '../kubelet/pod-runtime.ts';
import { imageOf, unknownImage } from './images/catalog.ts';
import { type Image, shortName } from './images/image.ts';

export interface Launch {
  /** Its words, of the container or of the image. */
  readonly args: readonly string[];
  readonly image: Image;
}

/** What a container does: its image's own command but for what it replaces. */
export function launchOf(
  { image: name = '', command = [], args = [] }: Container,
  image: Image = imageOf(name) ?? unknownImage,
): Launch {
  if (image.ignoresCommand === true) return { args: image.entrypoint ?? [], image };
  const isOwn = command.length === 0;
  // Arguments alone are for a program of the image's own.
  const entrypoint = image.anyProgram === undefined ? (image.entrypoint ?? []) : [`/${shortName(name)}`];
  const rest = args.length > 0 || !isOwn ? args : (image.command ?? []);
  return { args: [...(isOwn ? entrypoint : command), ...rest], image };
}

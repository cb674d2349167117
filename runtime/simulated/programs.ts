import type { Container } from '../kubelet/pod-runtime.ts';
import { imageOf } from './images/catalog.ts';
import { type Image, shortName } from './images/image.ts';

/** An image that nobody knows: whatever it is asked to run is there, and stays up. */
const unknownImage: Image = { hasAnyProgram: true };

export interface Launch {
  /** Its words, of the container or of the image. */
  readonly args: readonly string[];
  readonly image: Image;
}

/** What a container does: its image's own command but for what it replaces. */
export function launchOf({ image: name = '', command = [], args = [] }: Container): Launch {
  const image = imageOf(name) ?? unknownImage;
  const isOwn = command.length === 0;
  // Arguments alone are for a program of the image's own.
  const entrypoint = image.hasAnyProgram === true ? [`/${shortName(name)}`] : (image.entrypoint ?? []);
  const rest = args.length > 0 || !isOwn ? args : (image.command ?? []);
  return { args: [...(isOwn ? entrypoint : command), ...rest], image };
}

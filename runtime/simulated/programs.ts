import type { FileTree } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import type { Container } from '../kubelet/pod-runtime.ts';
import { builtins } from '../shell/builtins.ts';
import { imageOf } from './images/catalog.ts';
import type { Image } from './images/image.ts';
import { type Program, StartError, server } from './process.ts';
import { isShell, shellProgram } from './shell-program.ts';

/** An image that nobody knows: whatever it is asked to run is there, and stays up. */
const unknownImage: Image = { hasAnyProgram: true };

export interface Launch {
  /** Its words, of the container or of the image. */
  readonly args: readonly string[];
  readonly image: Image;
  readonly program: Program;
}

/** What a container does: its image's own command but for what it replaces. */
export function launchOf({ image: name = '', command = [], args = [] }: Container): Launch {
  const image = imageOf(name) ?? unknownImage;
  const own = command.length > 0 ? [] : (image.entrypoint ?? []);
  const rest = args.length > 0 || command.length > 0 ? args : (image.command ?? []);
  const words = [...(command.length > 0 ? command : own), ...rest];
  // Arguments alone are for a program of the image's own.
  if (command.length === 0 && image.hasAnyProgram === true) return { args: words, image, program: server };
  return { args: words, image, program: findProgram(words, image) ?? missing(words[0] ?? '', image) };
}

/** What a command line runs; undefined: the image has no such program. */
export function findProgram(words: readonly string[], image: Image): Program | undefined {
  const [first = ''] = words;
  const name = first.slice(first.lastIndexOf('/') + 1);
  const paths = Object.keys(image.programs ?? {});
  const path = paths.find((one) => (first.includes('/') ? one === first : one.endsWith(`/${name}`)));
  const own = image.programs?.[path ?? ''];
  if (own !== undefined) return own;
  if (image.hasShell !== false && (isShell(words) || builtins.has(name))) return shellProgram(words);
  return image.hasAnyProgram === true ? server : undefined;
}

/** Perhaps it is a file that a volume brought, which nobody knows before it runs. */
function missing(name: string, image: Image): Program {
  return async (context) => {
    const path = resolvePath(context.cwd, name);
    const text = name.includes('/') ? context.files.read(path) : undefined;
    if (text === undefined || image.hasShell === false) throw new StartError(reasonOf(name, path, context.files));
    return shellProgram([name, ...context.args.slice(1)])(context);
  };
}

function reasonOf(name: string, path: string, files: FileTree): string {
  const quoted = JSON.stringify(name);
  if (!name.includes('/')) return `exec: ${quoted}: executable file not found in $PATH`;
  if (files.isDirectory(path)) return `exec: ${quoted}: permission denied`;
  return `exec: ${quoted}: stat ${name}: no such file or directory`;
}

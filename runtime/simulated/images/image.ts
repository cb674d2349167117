import type { FileTree } from '../../files/file-tree.ts';
import type { Program } from '../process.ts';

/** What an image gives a container that asks for nothing else. */
export interface Image {
  /** A container's `command` takes its place, and that of `command` below. */
  readonly entrypoint?: readonly string[];
  /** A container's `args` take its place. */
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** As in a Dockerfile: user[:group], by number or by name. */
  readonly user?: string;
  /** Whether it has a shell and its tools; true unless said otherwise. */
  readonly hasShell?: boolean;
  /** What it has besides them, by absolute path. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** Whether programs that nobody knows are there, too, and stay up. */
  readonly hasAnyProgram?: boolean;
  /** Writes what it has beside the usual directories. Called once; all its containers share the files. */
  files?(tree: FileTree): void;
}

/** A program that is loaded when it runs first. */
export function lazily(load: () => Promise<Program>): Program {
  return async (context) => (await load())(context);
}

/** The last part of an image's path, without tag and digest: images are known under any registry. */
export function shortName(image: string): string {
  const [path = ''] = image.split('@');
  return path.slice(path.lastIndexOf('/') + 1).replace(/:.*$/, '');
}

/** Empty when there is none. */
export function tagOf(image: string): string {
  const [path = ''] = image.split('@');
  return /:([^/:]*)$/.exec(path)?.[1] ?? '';
}

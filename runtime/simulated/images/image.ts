import type { FileTree } from '../../files/file-tree.ts';
import type { ContainerFacts, Program, ProgramContext } from '../process.ts';

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
  /** What its containers are told to end by: a name with SIG, or a number; SIGTERM unless said otherwise. */
  readonly stopSignal?: string;
  /** Whether it has a shell and its tools; true unless said otherwise. */
  readonly hasShell?: boolean;
  /** What it has besides them, by absolute path. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** What programs do that nobody knows; absent: they are not there. */
  readonly anyProgram?: Program;
  /** Runs its entrypoint, whatever command and arguments a container has. */
  readonly ignoresCommand?: boolean;
  /** What a container of it writes to its layer that is in none of its files. */
  readonly writtenBytes?: number;
  /** Where its own program does nothing but wait to be told to end, what it writes before; undefined: it does more. */
  idleWords?(facts: Pick<ContainerFacts, 'pod' | 'container'>): string | undefined;
  /** Writes what it has beside the usual directories. Called once; all its containers share the files. */
  files?(tree: FileTree): void;
}

/** A program that is loaded when it runs first. */
export function lazily(load: () => Promise<Program>): Program {
  let loaded: Program | undefined;
  const loading = async (): Promise<Program> => {
    loaded ??= await load();
    return loaded;
  };
  const run: Program = (context) => (loaded === undefined ? runLoaded(context, loading) : loaded(context));
  return Object.assign(run, { load: loading });
}

/** Runs what has to be loaded first. A wish to end that comes before is told to the program. */
export async function runLoaded(context: ProgramContext, load: () => Promise<Program>): Promise<number> {
  let isTold = false;
  context.onTerminate(() => {
    isTold = true;
  });
  const program = await load();
  context.onSignal('TERM', undefined);
  context.onSignal('INT', undefined);
  const code = program(context);
  if (isTold && !context.killed.aborted) context.kill(context.pid, 'TERM');
  return code;
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

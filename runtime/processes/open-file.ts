import type { ByteText, FileHandle } from '../files/file-tree.ts';
import { lengthFor, type Pipe, type Reader, type ReadOptions, readerOf, type Writer } from '../shell/streams.ts';
import type { Terminal } from './terminal.ts';

/** What stands behind a descriptor. */
export interface Channel {
  /** As in /proc/PID/fd. */
  readonly name: string;
  readonly terminal?: Terminal;
  /** Absent: not open for reading. */
  read?(options?: ReadOptions): Promise<ByteText | undefined>;
  /** Absent: not open for writing. */
  write?(text: ByteText): void;
  drained?(): Promise<void> | undefined;
  /** From the start of what it is; for regular files. */
  seek?(offset: number): void;
  size?(): number;
  close?(): void;
}

/** A channel that several descriptors of several processes may share: closed with the last of them. */
export class OpenFile {
  readonly channel: Channel;
  #reader: Reader | undefined;
  #holders = 1;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  get reader(): Reader {
    this.#reader ??= readerOf(async (options) => this.channel.read?.(options));
    return this.#reader;
  }

  retain(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders === 0) this.channel.close?.();
  }
}

/** Both ends of a pipe. */
export function pipeFiles(pipe: Pipe, number = 0): readonly [reading: OpenFile, writing: OpenFile] {
  const name = `pipe:[${number}]`;
  return [
    new OpenFile({ name, read: (options) => pipe.chunk(options), close: () => pipe.break() }),
    new OpenFile({
      name,
      write: (text) => pipe.write(text),
      drained: () => pipe.drained(),
      close: () => pipe.end(),
    }),
  ];
}

export function readingFile(reader: Reader, name = 'pipe:[1]'): OpenFile {
  return new OpenFile({ name, read: (options) => reader.chunk(options) });
}

export function writingFile(writer: Writer, name = 'pipe:[2]'): OpenFile {
  return new OpenFile({ name, write: (text) => writer.write(text), drained: () => writer.drained() });
}

/** How a path is opened. */
export interface OpenFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  /** Empties what is there. */
  readonly truncate?: boolean;
  readonly create?: boolean;
  /** Of a new file, before the umask; default 0o666. */
  readonly mode?: number;
}

/** A regular file with a place in it where reading and writing go on. */
export function fileChannel(name: string, handle: FileHandle, { read, write, append }: OpenFlags): Channel {
  let at = 0;
  return {
    name,
    ...(read === true
      ? {
          read: async (options?: ReadOptions) => {
            const text = handle.read();
            if (at >= text.length) return undefined;
            const from = at;
            at += lengthFor(text, from, options);
            return text.slice(from, at);
          },
        }
      : {}),
    ...(write === true
      ? {
          write: (text: ByteText) => {
            const before = append === true ? undefined : handle.read();
            if (before === undefined || at === before.length) handle.append(text);
            else handle.write(before.slice(0, at).padEnd(at, '\0') + text + before.slice(at + text.length));
            at += text.length;
          },
        }
      : {}),
    seek: (offset) => {
      at = offset;
    },
    size: () => handle.read().length,
  };
}

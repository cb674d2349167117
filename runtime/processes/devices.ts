import type { Random } from '../../api/clock.ts';
import { FileError, type FileTree } from '../files/file-tree.ts';
import type { ReadOptions } from '../shell/streams.ts';
import { type Channel, OpenFile } from './open-file.ts';
import type { Terminal } from './terminal.ts';

/** Name in /dev, its number, its mode. */
const devices: readonly (readonly [name: string, device: string, mode: number])[] = [
  ['null', '1:3', 0o666],
  ['zero', '1:5', 0o666],
  ['full', '1:7', 0o666],
  ['random', '1:8', 0o666],
  ['urandom', '1:9', 0o666],
  ['tty', '5:0', 0o666],
];

const links: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['core', '/proc/kcore'],
  ['ptmx', 'pts/ptmx'],
];

const pieceLength = 4096;

/** Fills what is mounted at /dev. */
export function makeDevices(tree: FileTree): void {
  for (const [name, device, mode] of devices) tree.makeNode?.(`/${name}`, { type: 'character', device, mode });
  for (const [name, target] of links) tree.link(`/${name}`, target);
  // Nearly every container has it there; one that writes to it has a copy of its own.
  tree.write('/termination-log', '', { mode: 0o666 });
  tree.makeDirectory('/pts');
  tree.makeDirectory('/shm', 0o1777);
  tree.makeDirectory('/mqueue', 0o1777);
}

interface DeviceUser {
  readonly terminal: Terminal | undefined;
  readonly random: Random;
}

export function terminalChannel(terminal: Terminal): Channel {
  return {
    name: terminal.name,
    terminal,
    read: (options) => terminal.read(options),
    write: (text) => terminal.write(text),
    drained: () => terminal.drained(),
  };
}

const ignore = (): void => undefined;

/** Throws FileError ENXIO where nothing stands behind a number. */
export function openDevice(path: string, device: string, { terminal, random }: DeviceUser): OpenFile {
  const zeros = async ({ limit = pieceLength }: ReadOptions = {}): Promise<string> => '\0'.repeat(limit);
  switch (device) {
    case '1:3':
      return nullFile();
    case '1:5':
      return new OpenFile({ name: path, read: zeros, write: ignore });
    case '1:7':
      return new OpenFile({
        name: path,
        read: zeros,
        write: () => {
          throw new FileError('ENOSPC', 'write error: No space left on device');
        },
      });
    case '1:8':
    case '1:9':
      return new OpenFile({
        name: path,
        read: async ({ limit = pieceLength } = {}) =>
          Array.from({ length: limit }, () => String.fromCharCode(Math.floor(random.next() * 256))).join(''),
        write: ignore,
      });
    case '5:0':
      if (terminal !== undefined) return new OpenFile(terminalChannel(terminal));
      break;
    default:
      if (terminal !== undefined && device === `136:${terminal.number}`) return new OpenFile(terminalChannel(terminal));
  }
  throw new FileError('ENXIO', `${path}: No such device or address`);
}

export function nullFile(): OpenFile {
  return new OpenFile({ name: '/dev/null', read: async () => undefined, write: ignore });
}

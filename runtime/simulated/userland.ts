import { MemoryTree } from '../files/memory-tree.ts';
import { makeDevices } from '../processes/devices.ts';
import { executableText } from '../processes/execute.ts';
import type { Program } from '../processes/program.ts';
import type { Image } from './images/image.ts';

/** What an image brings: its files, shared by all its containers, and what their programs do. */
export interface ImageContent {
  readonly base: MemoryTree;
  readonly programs: ReadonlyMap<string, Program>;
  unknownProgram?(name: string): Program | undefined;
}

export interface Userland {
  contentOf(image: Image): ImageContent;
  /** What stands at /dev. */
  readonly devices: MemoryTree;
}

const passwords = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;

const groups = `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
wheel:x:10:root
shadow:x:42:
utmp:x:43:
staff:x:50:
users:x:100:
nobody:x:65534:
`;

const directories: readonly (readonly [path: string, mode: number])[] = [
  ['/bin', 0o755],
  ['/dev', 0o755],
  ['/etc', 0o755],
  ['/home', 0o755],
  ['/lib', 0o755],
  ['/mnt', 0o755],
  ['/opt', 0o755],
  ['/proc', 0o555],
  ['/root', 0o700],
  ['/run', 0o755],
  ['/sbin', 0o755],
  ['/srv', 0o755],
  ['/sys', 0o555],
  ['/tmp', 0o1777],
  ['/usr/bin', 0o755],
  ['/usr/lib', 0o755],
  ['/usr/local/bin', 0o755],
  ['/usr/sbin', 0o755],
  ['/usr/share', 0o755],
  ['/var/cache', 0o755],
  ['/var/lib', 0o755],
  ['/var/log', 0o755],
  ['/var/spool', 0o755],
  ['/var/tmp', 0o1777],
  ['/var/www', 0o755],
];

/** `tools` are the shell and what it has, by name. Trees and tables are made for the first container that needs them. */
export function createUserland(now: () => number, tools: ReadonlyMap<string, Program>): Userland {
  const contents = new WeakMap<Image, ImageContent>();
  let devices: MemoryTree | undefined;
  return {
    get devices() {
      if (devices === undefined) {
        devices = new MemoryTree({ type: 'tmpfs', now });
        makeDevices(devices);
      }
      return devices;
    },
    contentOf: (image) => {
      const content = contents.get(image) ?? build(image, now, tools);
      contents.set(image, content);
      return content;
    },
  };
}

function build(image: Image, now: () => number, tools: ReadonlyMap<string, Program>): ImageContent {
  const base = new MemoryTree({ now });
  for (const [path, mode] of directories) base.makeDirectory(path, mode);
  base.write('/etc/passwd', passwords);
  base.write('/etc/group', groups);
  base.write('/etc/shadow', 'root:*:::::::\n', { mode: 0o640 });
  base.link('/var/run', '/run');
  const hasShell = image.hasShell !== false;
  if (hasShell) for (const name of tools.keys()) base.write(`/bin/${name}`, executableText(name), { mode: 0o755 });
  const { anyProgram } = image;
  const own = Object.entries(image.programs ?? {});
  for (const [path] of own) base.write(path, executableText(path), { mode: 0o755 });
  image.files?.(base);
  return {
    base,
    programs: new Map([...(hasShell ? tools : []), ...own]),
    ...(anyProgram === undefined ? {} : { unknownProgram: () => anyProgram }),
  };
}

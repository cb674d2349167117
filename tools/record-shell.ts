import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Runs the scripts that the shell's tests compare in a real busybox, in a root of its own, and keeps what it says. Needs root. */
const folder = resolve(import.meta.dirname, '../runtime/shell/recorded');
const busybox = process.argv[2] ?? '/usr/bin/busybox';
const users = `root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;
const devices: readonly (readonly [name: string, minor: string])[] = [
  ['null', '3'],
  ['zero', '5'],
  ['urandom', '9'],
];

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'busybox-'));
  chmodSync(root, 0o755);
  for (const path of ['bin', 'etc', 'tmp', 'proc', 'dev', 'root', 'usr/bin', 'var'])
    mkdirSync(join(root, path), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const name of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (name !== 'busybox') symlinkSync('/bin/busybox', join(root, 'bin', name));
  for (const [name, minor] of devices) execFileSync('mknod', [join(root, 'dev', name), 'c', '1', minor]);
  symlinkSync('/proc/self/fd', join(root, 'dev/fd'));
  for (const [index, name] of ['stdin', 'stdout', 'stderr'].entries())
    symlinkSync(`fd/${index}`, join(root, 'dev', name));
  writeFileSync(join(root, 'etc/passwd'), users);
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nusers:x:100:\nnobody:x:65534:\n');
  execFileSync('mount', ['-t', 'proc', 'proc', join(root, 'proc')]);
  return root;
}

const root = makeRoot();
try {
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
  for (const file of files) record(file);
} finally {
  execFileSync('umount', [join(root, 'proc')]);
  rmSync(root, { recursive: true });
}

function record(file: string): void {
  const scripts = readFileSync(join(folder, file), 'utf8').split(/^%%\n/m);
  const recorded = scripts.map((script) => {
    rmSync(join(root, 'tmp'), { recursive: true, force: true });
    mkdirSync(join(root, 'tmp'));
    chmodSync(join(root, 'tmp'), 0o1777);
    const { stdout, stderr, status } = spawnSync('/usr/sbin/chroot', [root, '/bin/sh', '-c', script], {
      input: '',
      encoding: 'latin1',
      env: { PATH: '/bin', HOME: '/root', TZ: 'UTC' },
      timeout: 10_000,
    });
    return { script, out: stdout, err: stderr, code: status };
  });
  writeFileSync(join(folder, file.replace(/txt$/, 'json')), `${JSON.stringify(recorded, null, 1)}\n`);
}

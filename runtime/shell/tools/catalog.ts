import type { ShellProgram } from '../shell-process.ts';

type Tools = Readonly<Record<string, ShellProgram>>;

/** Groups of tools, each loaded when one of it runs first. */
const groups: readonly (readonly [names: string, load: () => Promise<Tools>])[] = [
  ['date cal', async () => (await import('./dates.ts')).dateTools],
  ['vi vim', async () => (await import('./vi/tools.ts')).editorTools],
  ['less more', async () => (await import('./pager.ts')).pagerTools],
  ['sleep usleep', async () => (await import('./timing.ts')).timingTools],
  ['cat head tail tac rev nl', async () => (await import('./reading.ts')).readingTools],
  ['touch rm unlink rmdir mkdir cp mv ln', async () => (await import('./changing.ts')).changingTools],
  ['mkfifo mknod mktemp truncate', async () => (await import('./making.ts')).makingTools],
  [
    'chmod chown chgrp stat readlink realpath basename dirname sync',
    async () => (await import('./attributes.ts')).attributeTools,
  ],
  ['ls', async () => (await import('./listing.ts')).listingTools],
  ['du df mount umount', async () => (await import('./sizes.ts')).sizeTools],
  ['find', async () => (await import('./find.ts')).findTools],
  ['wc sort uniq cut fold paste comm tee', async () => (await import('./text.ts')).textTools],
  ['hexdump hd od xxd', async () => (await import('./dumping.ts')).dumpingTools],
  ['grep egrep fgrep', async () => (await import('./grep.ts')).grepTools],
  ['sed', async () => (await import('./sed/sed.ts')).sedTools],
  ['awk gawk', async () => (await import('./awk/awk.ts')).awkTools],
  ['tar', async () => (await import('./archive/tar.ts')).tarTools],
  ['gzip gunzip zcat', async () => (await import('./archive/gzip.ts')).gzipTools],
  ['od hexdump hd xxd strings', async () => (await import('./dumps.ts')).dumpTools],
  ['md5sum sha1sum sha256sum sha384sum sha512sum base64 cksum', async () => (await import('./digests.ts')).digestTools],
  ['dd cmp expand shuf split dos2unix unix2dos', async () => (await import('./copying.ts')).copyingTools],
  ['diff', async () => (await import('./difference.ts')).differenceTools],
  ['tr', async () => (await import('./translate.ts')).translateTools],
  ['seq expr bc factor', async () => (await import('./numbers.ts')).numberTools],
  ['ps top pgrep pkill killall kill pidof uptime', async () => (await import('./processes.ts')).processTools],
  [
    'env printenv xargs timeout nohup nice ionice setsid stdbuf watch yes which su sudo busybox',
    async () => (await import('./running.ts')).runningTools,
  ],
  [
    'id whoami groups logname uname arch free nproc sysctl getconf stty tty tput clear reset nano ' +
      'ed echo printf test [ pwd true false dmesg reboot poweroff halt',
    async () => (await import('./system.ts')).systemTools,
  ],
];

/** By name; nothing of a tool is loaded before it runs. */
export const tools: ReadonlyMap<string, ShellProgram> = new Map(
  groups.flatMap(([names, load]) => names.split(' ').map((name) => [name, lazily(name, load)] as const)),
);

function lazily(name: string, load: () => Promise<Tools>): ShellProgram {
  return async (args, process) => {
    const tool = (await load())[name];
    if (tool === undefined) throw new Error(`${name} is not in its group`);
    return tool(args, process);
  };
}

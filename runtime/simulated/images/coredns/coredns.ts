import { createOutside } from '../../../dns/outside.ts';
import { serveDns } from '../../../dns/serve.ts';
import { resolvePath } from '../../../files/path.ts';
import type { Program } from '../../process.ts';
import { lifetimeOf } from '../lifetime.ts';
import { parseCorefile } from './corefile.ts';

/** As CoreDNS has it without a time to live in its `hosts`. */
const ttl = 3600;

/** CoreDNS with the names that its Corefile has itself, in both directions. */
export const coredns: Program = async (context) => {
  const { args, files, cwd, network, stdout, stderr } = context;
  const at = args.findIndex((arg) => /^--?conf$/.test(arg));
  const path = resolvePath(cwd, at < 0 ? 'Corefile' : (args[at + 1] ?? ''));
  const text = files.read(path);
  const blocks = text === undefined ? undefined : parseCorefile(text);
  if (blocks === undefined) {
    stderr.write(
      `Error parsing Corefile: ${text === undefined ? `open ${path}: no such file or directory` : 'syntax'}\n`,
    );
    return 1;
  }
  const servers = blocks.map(({ port, hosts }) => serveDns(network, createOutside({ hosts, ttl }), port));
  for (const { port } of blocks) stdout.write(`.:${port}\n`);
  stdout.write('CoreDNS-1.14.1\nlinux/amd64, go1.25, simulated\n');
  return lifetimeOf(context, servers).ended;
};

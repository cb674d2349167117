import { hostsEntries } from '../../network/resolve.ts';
import type { NetworkProgram } from './place.ts';

/** Its name, and those that /etc/hosts gives to its addresses. */
export const hostname: NetworkProgram = (args, process) => {
  const { network, stdout, stderr, files } = process;
  const name = process.facts.hostname;
  const [flag] = args;
  if (flag !== undefined && !flag.startsWith('-')) {
    stderr.write('hostname: sethostname: Operation not permitted\n');
    return 1;
  }
  const entry = (files.read('/etc/hosts') ?? '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .find(([, ...names]) => names.includes(name));
  const full = entry?.[1] ?? name;
  const texts: Readonly<Record<string, () => string>> = {
    '-f': () => full,
    '--fqdn': () => full,
    '-s': () => name.replace(/\..*$/, ''),
    '-d': () => full.split('.').slice(1).join('.'),
    '-i': () => (hostsEntries(files, name).join(' ') || network.ips[0]) ?? '127.0.0.1',
    '-I': () => `${network.ips.join(' ')} `,
  };
  const text = texts[flag ?? ''];
  stdout.write(`${text === undefined ? name : text()}\n`);
  return 0;
};

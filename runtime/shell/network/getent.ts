import { reverseName } from '../../dns/names.ts';
import { askServer, candidateNames, lookup, readResolverConfiguration } from '../../network/resolve.ts';
import type { NetworkProcess, NetworkProgram } from './place.ts';

/** Of the databases of the C library those that the network fills. */
export const getent: NetworkProgram = async ([database = '', ...keys], process) => {
  const { stdout, stderr, files } = process;
  if (['passwd', 'group', 'services', 'protocols'].includes(database)) return fromFile(database, keys, process);
  if (!['hosts', 'ahosts', 'ahostsv4', 'ahostsv6'].includes(database)) {
    stderr.write(`Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`);
    return 1;
  }
  if (keys.length === 0) {
    stdout.write(files.read('/etc/hosts') ?? '');
    return 0;
  }
  let code = 0;
  for (const key of keys) {
    const text = await hostsText(database, key, process);
    if (text === undefined) code = 2;
    else stdout.write(text);
  }
  return code;
};

interface HostsEntry {
  readonly ip: string;
  readonly names: readonly string[];
}

function line(address: string, text: string): string {
  return `${address.padEnd(15)} ${text}\n`;
}

function entryOf(key: string, { files }: NetworkProcess): HostsEntry | undefined {
  for (const text of (files.read('/etc/hosts') ?? '').split('\n')) {
    const [ip = '', ...names] = text.replace(/#.*/, '').trim().split(/\s+/);
    if (ip !== '' && (ip === key || names.includes(key))) return { ip, names };
  }
  return undefined;
}

async function hostsText(database: string, key: string, process: NetworkProcess): Promise<string | undefined> {
  const entry = entryOf(key, process);
  return database === 'hosts' ? plainText(key, entry, process) : streamText(database, key, entry, process);
}

async function plainText(
  key: string,
  entry: HostsEntry | undefined,
  process: NetworkProcess,
): Promise<string | undefined> {
  if (entry !== undefined) return line(entry.ip, entry.names.join(' '));
  const turned = reverseName(key);
  if (turned !== undefined) {
    const [server = ''] = readResolverConfiguration(process.files).nameservers;
    const reply = await askServer({ ip: server }, { name: turned, type: 'PTR' }, process).catch(() => undefined);
    const [first] = reply?.answers ?? [];
    return first?.type === 'PTR' ? line(key, first.data) : undefined;
  }
  // Addresses of the sixth version come alone, as the library asks for them first.
  for (const family of [6, 4] as const) {
    const found = await canonical(key, family, process);
    if (found !== undefined) return found.ips.map((ip) => line(ip, found.names.join(' '))).join('');
  }
  return undefined;
}

async function streamText(
  database: string,
  key: string,
  entry: HostsEntry | undefined,
  process: NetworkProcess,
): Promise<string | undefined> {
  const isAddress = reverseName(key) !== undefined;
  const families = database === 'ahostsv4' ? [4] : database === 'ahostsv6' ? [6] : [6, 4];
  let [text, name] = ['', entry?.names[0] ?? ''];
  let isFirst = true;
  for (const family of families) {
    const isLocal = isAddress || entry !== undefined;
    const found = isLocal ? undefined : await canonical(key, family === 4 ? 4 : 6, process);
    const local = isAddress ? [key] : [entry?.ip ?? ''];
    const ips = isLocal ? local.filter((ip) => (ip.includes(':') ? 6 : 4) === family) : (found?.ips ?? []);
    name ||= found?.names[0] ?? '';
    for (const ip of ips) {
      text += line(ip, `STREAM ${isFirst ? name || key : ''}`) + line(ip, 'DGRAM  ') + line(ip, 'RAW    ');
      isFirst = false;
    }
  }
  return text === '' ? undefined : text;
}

/** Addresses with the name that a chain of CNAMEs ends in, then the one it began with. */
async function canonical(
  key: string,
  family: 4 | 6,
  process: NetworkProcess,
): Promise<{ readonly ips: readonly string[]; readonly names: readonly string[] } | undefined> {
  try {
    const ips = await lookup(key, process, { family });
    const configuration = readResolverConfiguration(process.files);
    const [server = ''] = configuration.nameservers;
    for (const name of candidateNames(key, configuration)) {
      const reply = await askServer({ ip: server }, { name, type: family === 4 ? 'A' : 'AAAA' }, process);
      const last = reply.answers.find(({ type }) => type === 'A' || type === 'AAAA');
      if (last !== undefined) return { ips, names: last.name === name ? [name] : [last.name, name] };
    }
    return { ips, names: [key] };
  } catch {
    return undefined;
  }
}

function fromFile(database: string, keys: readonly string[], { files, stdout }: NetworkProcess): number {
  const lines = (files.read(`/etc/${database}`) ?? '').split('\n').filter((line) => line !== '');
  if (keys.length === 0) stdout.write(lines.map((line) => `${line}\n`).join(''));
  let code = 0;
  for (const key of keys) {
    const found = lines.find((line) =>
      line
        .split(/[:\s]+/)
        .slice(0, 3)
        .includes(key),
    );
    if (found === undefined) code = 2;
    else stdout.write(`${found}\n`);
  }
  return code;
}

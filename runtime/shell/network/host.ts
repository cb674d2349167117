import { reverseName } from '../../dns/names.ts';
import { NetworkError } from '../../network/network.ts';
import { askServer, candidateNames, readResolverConfiguration } from '../../network/resolve.ts';
import { addressOf, type NetworkProcess, type NetworkProgram } from './place.ts';
import { dataText } from './record-text.ts';

const hostWords: Readonly<Record<string, string>> = {
  A: 'has address',
  AAAA: 'has IPv6 address',
  CNAME: 'is an alias for',
  PTR: 'domain name pointer',
  SRV: 'has SRV record',
  TXT: 'descriptive text',
  NS: 'name server',
  SOA: 'has SOA record',
};

/** As BIND's `host`. */
export const host: NetworkProgram = async (args, process) => {
  const at = args.indexOf('-t');
  const typed = at < 0 ? undefined : args[at + 1]?.toUpperCase();
  const operands = args.filter((arg, index) => !arg.startsWith('-') && (at < 0 || index !== at + 1));
  const [name = '', named] = operands;
  const { stdout, stderr, files } = process;
  if (name === '') {
    stderr.write('Usage: host [-t type] name [server]\n');
    return 1;
  }
  const configuration = readResolverConfiguration(files);
  const server = named === undefined ? configuration.nameservers[0] : await addressOf(named, process);
  if (server === undefined) {
    stderr.write(`host: couldn't get address for '${named}': not found\n`);
    return 1;
  }
  const turned = reverseName(name);
  const types = turned === undefined ? (typed === undefined ? ['A', 'AAAA'] : [typed]) : ['PTR'];
  const names = turned === undefined ? candidateNames(name, configuration) : [turned];
  const found = await answersFor(names, types, server, process);
  if (found === undefined) {
    stdout.write(`;; communications error to ${server}#53: timed out\n`.repeat(2));
    stdout.write(';; no servers could be reached\n');
    return 1;
  }
  if (found.code !== 'NOERROR') {
    const number = numbers[found.code] ?? 5;
    stdout.write(`Host ${turned === undefined ? name : `${turned}.`} not found: ${number}(${found.code})\n`);
    return 1;
  }
  stdout.write(found.text === '' ? `${name} has no ${typed ?? 'A'} record\n` : found.text);
  return 0;
};

const numbers: Readonly<Record<string, number>> = { NXDOMAIN: 3, SERVFAIL: 2 };

/** Of the first name that is there. */
async function answersFor(
  names: readonly string[],
  types: readonly string[],
  server: string,
  process: NetworkProcess,
): Promise<{ readonly code: string; readonly text: string } | undefined> {
  let code = 'NXDOMAIN';
  try {
    for (const name of names) {
      const lines = new Set<string>();
      for (const type of types) {
        const reply = await askServer({ ip: server }, { name, type }, process);
        ({ code } = reply);
        for (const record of reply.answers) lines.add(`${record.name} ${hostWords[record.type]} ${dataText(record)}\n`);
      }
      if (code === 'NOERROR') return { code, text: [...lines].join('') };
    }
    return { code, text: '' };
  } catch (error) {
    if (error instanceof NetworkError) return undefined;
    throw error;
  }
}

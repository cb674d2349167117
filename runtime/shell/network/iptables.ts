import { FlagError, parseFlags } from './flags.ts';
import type { NetworkProgram } from './place.ts';

interface Table {
  /** With the policy of those that have one. */
  readonly chains: readonly (readonly [name: string, policy: string])[];
  /** As they are saved. */
  readonly rules: readonly string[];
}

const version = 'v1.8.9 (nf_tables)';
const tables = ['filter', 'nat', 'mangle', 'raw', 'security'];

function tableOf(saved: string, name: string): Table {
  const [, text = ''] = new RegExp(`^\\*${name}\\n([^]*?)^COMMIT`, 'm').exec(saved) ?? [];
  const lines = text.split('\n').filter((line) => line !== '');
  return {
    chains: lines
      .filter((line) => line.startsWith(':'))
      .map((line): readonly [string, string] => {
        const [chain = '', policy = '-'] = line.slice(1).split(' ');
        return [chain, policy];
      }),
    rules: lines.filter((line) => line.startsWith('-A ')),
  };
}

function wordsOf(rule: string): string[] {
  return (rule.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, ''));
}

/** What `-L` shows of a rule behind its addresses: by the word that a value stands behind. */
const details: Readonly<Record<string, (value: string, protocol: string) => string>> = {
  '--comment': (value) => `/* ${value} */`,
  '--dport': (value, protocol) => `${protocol} dpt:${value}`,
  '--ctstate': (value) => `ctstate ${value}`,
  '--dst-type': (value) => `ADDRTYPE match dst-type ${value}`,
  '--src-type': (value) => `ADDRTYPE match src-type ${value}`,
  '--probability': (value) => `statistic mode random probability ${value}`,
  '--mark': (value) => `mark match ${value}`,
  '--seconds': (value) => `recent: CHECK seconds: ${value} reap`,
  '--set': () => 'recent: SET',
  '--to-destination': (value) => `to:${value}`,
  '--set-xmark': (value) => `MARK xset ${value}`,
  '--reject-with': (value) => `reject-with ${value}`,
  '--random-fully': () => 'random-fully',
};

const numbers: Readonly<Record<string, string>> = { all: '0', tcp: '6', udp: '17', sctp: '132' };

function listed(rule: string, isNumeric: boolean): string {
  const words = wordsOf(rule);
  const behind = (flag: string): string => {
    const at = words.indexOf(flag);
    return at < 0 ? '' : `${words[at - 1] === '!' ? '!' : ''}${words[at + 1] ?? ''}`;
  };
  const protocol = behind('-p') || 'all';
  const isSix = words.some((word) => /^[0-9a-f]*:[0-9a-f:]+(\/\d+)?$/.test(word));
  const anywhere = isNumeric ? (isSix ? '::/0' : '0.0.0.0/0') : 'anywhere';
  const shown = (flag: string): string => behind(flag).replace(/\/(32|128)$/, '') || anywhere;
  const rest = words.flatMap((word, index) => details[word]?.(words[index + 1] ?? '', protocol) ?? []);
  const kind = isNumeric ? (numbers[protocol] ?? protocol) : protocol;
  const columns = [behind('-j').padEnd(9), kind.padEnd(4), '-- ', shown('-s').padEnd(20), shown('-d').padEnd(20)];
  return `${columns.join(' ')} ${rest.join(' ')}\n`;
}

function listText({ chains, rules }: Table, wanted: string | undefined, isNumeric: boolean): string {
  const parts = chains
    .filter(([chain]) => wanted === undefined || chain === wanted)
    .map(([chain, policy]) => {
      const references = rules.filter((rule) => rule.endsWith(` -j ${chain}`)).length;
      const about = policy === '-' ? `${references} references` : `policy ${policy}`;
      const own = rules.filter((rule) => rule.startsWith(`-A ${chain} `));
      const header = 'target     prot opt source               destination         \n';
      return `Chain ${chain} (${about})\n${header}${own.map((rule) => listed(rule, isNumeric)).join('')}`;
    });
  return parts.join('\n');
}

function specText({ chains, rules }: Table, wanted: string | undefined): string {
  const shown = chains.filter(([chain]) => wanted === undefined || chain === wanted);
  const heads = shown.map(([chain, policy]) => (policy === '-' ? `-N ${chain}` : `-P ${chain} ${policy}`));
  const own = rules.filter((rule) => wanted === undefined || rule.startsWith(`-A ${wanted} `));
  return [...heads, ...own].map((line) => `${line}\n`).join('');
}

function save(family: 4 | 6): NetworkProgram {
  const name = family === 6 ? 'ip6tables-save' : 'iptables-save';
  return (args, { network, stdout, stderr }) => {
    try {
      const flags = parseFlags(args, { letters: 'c', valued: 't', long: { 'table=': 't', counters: 'c' } });
      const table = flags.value('t');
      const text = network.packetRules(family);
      if (table === undefined) stdout.write(text);
      else stdout.write(text.split(/(?<=^# Completed.*\n)/m).find((part) => part.includes(`\n*${table}\n`)) ?? '');
      return 0;
    } catch (error) {
      if (!(error instanceof FlagError)) throw error;
      stderr.write(`${name}: unrecognized option '${error.flag}'\n`);
      return 1;
    }
  };
}

/** Shows rules. They are kube-proxy's: nobody else changes them here. */
function iptablesOf(family: 4 | 6): NetworkProgram {
  const name = family === 6 ? 'ip6tables' : 'iptables';
  return (args, { network, stdout, stderr }) => {
    const fail = (message: string, code: number): number => {
      stderr.write(`${name} ${version}: ${message}\n`);
      return code;
    };
    if (args.includes('-V') || args.includes('--version')) {
      stdout.write(`${name} ${version}\n`);
      return 0;
    }
    try {
      const long = { 'table=': 't', list: 'L', 'list-rules': 'S', numeric: 'n', verbose: 'v', 'wait=': 'w' };
      const flags = parseFlags(args, { letters: 'LSnvxw', valued: 't', long: { ...long, 'line-numbers': 'x' } });
      const table = flags.value('t') ?? 'filter';
      if (!tables.includes(table))
        return fail(`can't initialize ${name} table \`${table}': Table does not exist (do you need to insmod?)`, 3);
      if (!flags.has('L') && !flags.has('S')) return fail('no command specified', 2);
      const found = tableOf(network.packetRules(family), table);
      const chain = flags.operands[0];
      if (chain !== undefined && !found.chains.some(([known]) => known === chain)) {
        stderr.write(`${name}: No chain/target/match by that name.\n`);
        return 1;
      }
      stdout.write(flags.has('S') ? specText(found, chain) : listText(found, chain, flags.has('n')));
      return 0;
    } catch (error) {
      if (!(error instanceof FlagError)) throw error;
      return fail('Operation not permitted: rules are kept by kube-proxy', 4);
    }
  };
}

export const iptablesSave = save(4);
export const ip6tablesSave = save(6);
export const iptables = iptablesOf(4);
export const ip6tables = iptablesOf(6);

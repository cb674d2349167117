import { reverseName } from '../../dns/names.ts';
import type { ReceivedReply } from '../../dns/packet.ts';
import type { DnsQuestion, DnsRecord } from '../../dns/records.ts';
import { NetworkError } from '../../network/network.ts';
import { askServer, candidateNames, readResolverConfiguration } from '../../network/resolve.ts';
import { addressOf, type NetworkProcess, type NetworkProgram } from './place.ts';
import { dataText } from './record-text.ts';

/** Where the TTL stands; the other columns follow. */
const firstColumn = 24;
const tabWidth = 8;
const recordTypes = new Set(['A', 'AAAA', 'CNAME', 'SRV', 'PTR', 'TXT', 'SOA', 'NS', 'MX', 'ANY', 'CAA', 'HTTPS']);

interface DigWords {
  readonly names: readonly string[];
  readonly type: string;
  readonly server: string | undefined;
  readonly port: number;
  readonly options: ReadonlyMap<string, string>;
  readonly on: (name: string, fallback: boolean) => boolean;
}

const sections = ['answer', 'authority', 'additional', 'question', 'comments', 'stats', 'cmd'];

function parseOption(text: string): [string, string][] {
  const [name = '', value = ''] = text.split('=');
  if (name === 'all') return sections.map((section) => [section, '']);
  if (name === 'noall') return sections.map((section) => [section, 'no']);
  return [name.startsWith('no') ? [name.slice(2), 'no'] : [name, value]];
}

function parse(args: readonly string[]): DigWords {
  const names: string[] = [];
  const options = new Map<string, string>();
  const rest = [...args];
  let [type, server, port] = ['', undefined as string | undefined, 53];
  const flags: Readonly<Record<string, (value: string) => void>> = {
    '-x': (value) => {
      names.push(reverseName(value) ?? value);
      type ||= 'PTR';
    },
    '-p': (value) => {
      port = Number(value);
    },
    '-t': (value) => {
      type = value.toUpperCase();
    },
    '-q': (value) => void names.push(value),
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const flag = flags[arg];
    if (flag !== undefined) flag(rest.shift() ?? '');
    else if (arg.startsWith('+')) for (const [name, value] of parseOption(arg.slice(1))) options.set(name, value);
    else if (arg.startsWith('@')) server = arg.slice(1);
    else if (recordTypes.has(arg.toUpperCase()) && !/^-/.test(arg)) type = arg.toUpperCase();
    else if (!arg.startsWith('-') && arg.toUpperCase() !== 'IN') names.push(arg);
  }
  const on = (name: string, fallback: boolean): boolean => {
    const value = options.get(name);
    return value === undefined ? fallback : value !== 'no';
  };
  return { names, type: type || 'A', server, port, options, on };
}

/** As BIND's: a question, its answer in the form of a zone file. */
export const dig: NetworkProgram = async (args, process) => {
  const words = parse(args);
  const configuration = readResolverConfiguration(process.files);
  const server = words.server === undefined ? configuration.nameservers[0] : await addressOf(words.server, process);
  if (server === undefined) {
    process.stderr.write(`dig: couldn't get address for '${words.server}': not found\n`);
    return 10;
  }
  for (const written of words.names.length > 0 ? words.names : ['.']) {
    const isSearched = (words.on('search', false) || words.on('defname', false)) && !written.endsWith('.');
    const ndots = Number(words.options.get('ndots') ?? configuration.ndots);
    const name = written.replace(/(.)\.$/, '$1');
    const names = isSearched ? candidateNames(name, { ...configuration, ndots }) : [name];
    const code = await digOne(names, words, process, { server, startedAt: process.clock.now(), args });
    if (code !== 0) return code;
  }
  return 0;
};

/** The first of the names that has answers. */
async function digOne(
  names: readonly string[],
  words: DigWords,
  process: NetworkProcess,
  circumstances: Circumstances,
): Promise<number> {
  const { server, args } = circumstances;
  const numberOf = (name: string, fallback: number): number => Number(words.options.get(name) || fallback);
  const limits = {
    timeoutMs: numberOf('time', numberOf('timeout', 5)) * 1000,
    attempts: numberOf('tries', numberOf('retry', 2) + 1),
    useTcp: words.on('tcp', false) || words.on('vc', false),
    ignoreTruncation: words.on('ignore', false),
  };
  let [question, reply]: [DnsQuestion, ReceivedReply | undefined] = [{ name: '', type: words.type }, undefined];
  try {
    for (const name of names) {
      question = { name, type: words.type };
      reply = await askServer({ ip: server, port: words.port }, question, process, limits);
      if (reply.code === 'NOERROR' && reply.answers.length > 0) break;
    }
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const why = error.code === 'ECONNREFUSED' ? 'connection refused' : 'timed out';
    const line = `;; communications error to ${server}#${words.port}: ${why}\n`;
    if (words.on('comments', true) || words.on('short', false)) process.stdout.write(line.repeat(limits.attempts));
    const banner = `\n; <<>> DiG 9.18.33 <<>> ${args.join(' ')}\n;; global options: +cmd\n`;
    process.stdout.write(`${words.on('cmd', true) ? banner : ''};; no servers could be reached\n`);
    return 9;
  }
  if (reply !== undefined) print(reply, question, words, process, circumstances);
  return 0;
}

interface Circumstances {
  readonly server: string;
  readonly startedAt: number;
  readonly args: readonly string[];
}

function print(
  reply: ReceivedReply,
  question: DnsQuestion,
  { on, port }: DigWords,
  { stdout, clock }: NetworkProcess,
  { server, startedAt, args }: Circumstances,
): void {
  if (on('short', false)) {
    for (const record of reply.answers) stdout.write(`${dataText(record)}\n`);
    return;
  }
  if (on('cmd', true)) stdout.write(`\n; <<>> DiG 9.18.33 <<>> ${args.join(' ')}\n;; global options: +cmd\n`);
  const isCommented = on('comments', true);
  if (isCommented) stdout.write(headerText(reply));
  if (on('question', true)) {
    const line = `;${question.name.replace(/\.?$/, '.').padEnd(30)}\tIN\t${question.type}\n`;
    stdout.write(`${isCommented ? ';; QUESTION SECTION:\n' : ''}${line}\n`);
  }
  const parts = { answer: reply.answers, authority: reply.authorities, additional: reply.additionals };
  for (const [section, records] of Object.entries(parts)) {
    if (!on(section, true) || records.length === 0) continue;
    const lines = records.map((record) => `${recordLine(record)}\n`).join('');
    stdout.write(isCommented ? `;; ${section.toUpperCase()} SECTION:\n${lines}\n` : lines);
  }
  if (on('stats', true)) {
    const now = clock.now();
    const [weekday, day, month, year, time] = new Date(now).toUTCString().replace(',', '').split(' ');
    stdout.write(
      `;; Query time: ${now - startedAt} msec\n;; SERVER: ${server}#${port}(${server}) (UDP)\n;; WHEN: ${weekday} ${month} ${day} ${time} UTC ${year}\n;; MSG SIZE  rcvd: ${reply.size}\n\n`,
    );
  }
}

function headerText({ code, id, isAuthoritative, isRecursive, hasOptions, ...sections }: ReceivedReply): string {
  const flags = ['qr', ...(isAuthoritative ? ['aa'] : []), 'rd', ...(isRecursive ? ['ra'] : [])].join(' ');
  const { answers, authorities, additionals } = sections;
  const counts = `QUERY: 1, ANSWER: ${answers.length}, AUTHORITY: ${authorities.length}, ADDITIONAL: ${additionals.length + Number(hasOptions)}`;
  const options = hasOptions ? ';; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n' : '';
  return `;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${code}, id: ${id}\n;; flags: ${flags}; ${counts}\n\n${options}`;
}

function recordLine(record: DnsRecord): string {
  let line = `${record.name}.`;
  let column = line.length;
  const cells = [record.ttl, 'IN', record.type, dataText(record)];
  for (const [index, cell] of cells.entries()) {
    const start = Math.max(column + 1, firstColumn + index * tabWidth);
    const tabs = Math.floor(start / tabWidth) - Math.floor(column / tabWidth);
    const from = tabs > 0 ? start - (start % tabWidth) : column;
    line += '\t'.repeat(tabs) + ' '.repeat(start - from) + cell;
    column = start + String(cell).length;
  }
  return line;
}

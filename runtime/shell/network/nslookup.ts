import { reverseName } from '../../dns/names.ts';
import type { ReceivedReply } from '../../dns/packet.ts';
import type { DnsQuestion, DnsRecord } from '../../dns/records.ts';
import { NetworkError } from '../../network/network.ts';
import {
  addressesIn,
  askServer,
  candidateNames,
  LookupError,
  lookup,
  readResolverConfiguration,
} from '../../network/resolve.ts';
import { addressOf, type NetworkProcess, type NetworkProgram, withPort } from './place.ts';

interface Asked {
  readonly question: DnsQuestion;
  readonly reply: ReceivedReply;
}

interface Words {
  readonly types: readonly string[];
  readonly operands: readonly string[];
}

const usage = `BusyBox v1.36.1 multi-call binary.

Usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]

Query DNS about HOST

QUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,srv,any
`;

function parse(args: readonly string[]): Words {
  const types: string[] = [];
  const operands: string[] = [];
  for (const arg of args) {
    const [, type] = /^-(?:query|querytype|type|q)=(.+)$/.exec(arg) ?? [];
    if (type !== undefined) types.push(type.toUpperCase());
    else if (!arg.startsWith('-')) operands.push(arg);
  }
  return { types, operands };
}

async function ask(
  questions: readonly DnsQuestion[],
  server: string,
  process: NetworkProcess,
): Promise<Asked[] | undefined> {
  const { timeoutMs, attempts } = readResolverConfiguration(process.files);
  try {
    return await Promise.all(
      questions.map(async (question) => ({
        question,
        reply: await askServer({ ip: server }, question, process, { timeoutMs, attempts }),
      })),
    );
  } catch (error) {
    if (error instanceof NetworkError) return undefined;
    throw error;
  }
}

/** The servers in turn, until one answers. */
async function askOne(
  questions: readonly DnsQuestion[],
  servers: readonly string[],
  process: NetworkProcess,
): Promise<{ readonly server: string; readonly asked: readonly Asked[] } | undefined> {
  for (const server of servers) {
    const asked = await ask(questions, server, process);
    if (asked !== undefined) return { server, asked };
  }
  return undefined;
}

/** Until 1.28 it asked as all programs do, which tutorials count on. */
function isOld({ facts }: NetworkProcess): boolean {
  const [, minor] = /(?:^|\/)busybox:1\.(\d+)/.exec(facts.container?.image ?? '') ?? [];
  return minor !== undefined && Number(minor) < 29;
}

async function named(ip: string, process: NetworkProcess): Promise<string> {
  const [server = ''] = readResolverConfiguration(process.files).nameservers;
  const [asked] = (await ask([{ name: reverseName(ip) ?? ip, type: 'PTR' }], server, process)) ?? [];
  const [first] = asked?.reply.answers ?? [];
  return first?.type === 'PTR' ? ` ${first.data}` : '';
}

async function oldNslookup(name: string, server: string, process: NetworkProcess): Promise<number> {
  const { stdout, stderr } = process;
  stdout.write(`Server:    ${server}\nAddress 1: ${server}${await named(server, process)}\n\n`);
  try {
    const ips = await lookup(name, process);
    stdout.write(`Name:      ${name}\n`);
    for (const [index, ip] of ips.entries()) stdout.write(`Address ${index + 1}: ${ip}${await named(ip, process)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    stderr.write(`nslookup: can't resolve '${name}'\n`);
    return 1;
  }
}

/** Its exit code is 0 when one of the search list's names is there, as busybox's was for long. */
export const nslookup: NetworkProgram = async (args, process) => {
  const { types, operands } = parse(args);
  const [name, given] = operands;
  const { stdout, stderr, files } = process;
  if (name === undefined) {
    stderr.write(usage);
    return 1;
  }
  const configuration = readResolverConfiguration(files);
  const server = given === undefined ? undefined : await addressOf(given, process);
  if (given !== undefined && server === undefined) {
    stderr.write(`nslookup: bad address '${given}'\n`);
    return 1;
  }
  if (isOld(process)) return oldNslookup(name, server ?? configuration.nameservers[0] ?? '', process);
  const turned = reverseName(name);
  const isShort = !name.includes('.') && turned === undefined;
  const names = isShort ? configuration.search.map((domain) => `${name}.${domain}`) : [name.replace(/\.$/, '')];
  const wanted = types.length > 0 ? types : ['A', 'AAAA'];
  const questions =
    turned !== undefined && (types.length === 0 || types.includes('PTR'))
      ? [{ name: turned, type: 'PTR' }]
      : wanted.flatMap((type) => (names.length > 0 ? names : [name]).map((each) => ({ name: each, type })));
  const answered = await askOne(questions, server === undefined ? configuration.nameservers : [server], process);
  if (answered === undefined) {
    stdout.write(';; connection timed out; no servers could be reached\n\n');
    return 1;
  }
  stdout.write(`Server:\t\t${answered.server}\nAddress:\t${withPort(answered.server, 53)}\n\n`);
  for (const { question, reply } of answered.asked) {
    if (reply.code !== 'NOERROR') stdout.write(`** server can't find ${question.name}: ${reply.code}\n`);
    else for (const record of reply.answers) stdout.write(lineOf(record));
    stdout.write('\n');
  }
  return answered.asked.some(({ reply }) => reply.code === 'NOERROR') ? 0 : 1;
};

function lineOf({ name, type, data }: DnsRecord): string {
  switch (type) {
    case 'A':
    case 'AAAA':
      return `Name:\t${name}\nAddress: ${data}\n`;
    case 'CNAME':
      return `${name}\tcanonical name = ${data}\n`;
    case 'NS':
      return `${name}\tnameserver = ${data}\n`;
    case 'PTR':
      return `${name}\tname = ${data}\n`;
    case 'TXT':
      return `${name}\ttext = "${data}"\n`;
    case 'SRV':
      return `${name}\tservice = ${data.priority} ${data.weight} ${data.port} ${data.target}\n`;
    case 'SOA':
      return `${name}\n\torigin = ${data.mname}\n\tmail addr = ${data.rname}\n\tserial = ${data.serial}\n\trefresh = ${data.refresh}\n\tretry = ${data.retry}\n\texpire = ${data.expire}\n\tminimum = ${data.minimum}\n`;
  }
}

/** As BIND's, which images with its tools have: it goes through the search list until a name is there. */
export const bindNslookup: NetworkProgram = async (args, process) => {
  const { types, operands } = parse(args);
  const [name = '', given] = operands;
  const { stdout, stderr, files } = process;
  const configuration = readResolverConfiguration(files);
  const server = given === undefined ? configuration.nameservers[0] : await addressOf(given, process);
  if (server === undefined) {
    stderr.write(`nslookup: couldn't get address for '${given}': not found\n`);
    return 1;
  }
  const [type = 'A'] = types;
  const turned = reverseName(name);
  const questions =
    turned === undefined ? candidateNames(name, configuration).map((each) => ({ name: each, type })) : [];
  if (turned !== undefined) questions.push({ name: turned, type: 'PTR' });
  let found: Asked | undefined;
  for (const question of questions) {
    const asked = await ask([question], server, process);
    if (asked === undefined) {
      stdout.write(`;; communications error to ${server}#53: timed out\n`.repeat(3));
      stdout.write(';; no servers could be reached\n\n');
      return 1;
    }
    [found] = asked;
    if (found?.reply.code === 'NOERROR') break;
  }
  const header = turned === undefined ? `Server:\t\t${server}\nAddress:\t${server}#53\n\n` : '';
  if (found === undefined || found.reply.code !== 'NOERROR') {
    const shown = found?.reply.code === 'NXDOMAIN' ? (turned ?? name) : (found?.question.name ?? name);
    stdout.write(`${header}** server can't find ${shown}: ${found?.reply.code ?? 'SERVFAIL'}\n\n`);
    return 1;
  }
  stdout.write(header);
  const { question, reply } = found;
  const more =
    type === 'A' && types.length === 0 && turned === undefined ? await sixOf(question.name, server, process) : [];
  const records = [...reply.answers, ...more];
  if (records.length === 0) stdout.write(`*** Can't find ${name}: No answer\n`);
  const isAuthoritative = reply.isAuthoritative;
  if (!isAuthoritative && records.length > 0 && turned === undefined) stdout.write('Non-authoritative answer:\n');
  for (const record of records) stdout.write(bindLine(record));
  stdout.write('\n');
  return 0;
};

async function sixOf(name: string, server: string, process: NetworkProcess): Promise<readonly DnsRecord[]> {
  const [asked] = (await ask([{ name, type: 'AAAA' }], server, process)) ?? [];
  const answers = asked?.reply.answers ?? [];
  return addressesIn(answers).length === 0 ? [] : answers.filter(({ type }) => type === 'AAAA');
}

function bindLine(record: DnsRecord): string {
  const line = lineOf(record);
  // BIND writes names of other records with their last dot.
  if (record.type === 'SRV' || record.type === 'PTR' || record.type === 'NS' || record.type === 'CNAME')
    return line.replace(/\n$/, '.\n');
  return line;
}

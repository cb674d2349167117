import type { Duplex } from 'node:stream';
import { sleep } from '../../../client/sleep.ts';
import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import type { ByteText } from '../../../files/file-tree.ts';
import { NetworkError } from '../../../network/network.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { lifetimeOf } from '../lifetime.ts';
import { resolveAddress } from '../resolve.ts';
import { version } from './information.ts';
import { encode, Parser, Status } from './resp.ts';
import { RedisServer } from './server.ts';

const units: Readonly<Record<string, number>> = {
  b: 1,
  k: 1000,
  kb: 2 ** 10,
  m: 1e6,
  mb: 2 ** 20,
  g: 1e9,
  gb: 2 ** 30,
};

/** `2mb` in bytes. */
function memoryOf(text: ByteText): ByteText {
  const [, amount, unit = 'b'] = /^(\d+)([a-z]+)$/.exec(text.toLowerCase()) ?? [];
  return amount === undefined ? text : String(Number(amount) * (units[unit] ?? 1));
}

type Log = (text: string, mark?: string) => void;

interface Leader {
  readonly host: string;
  readonly port: number;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const retryMs = 1000;

/** The server: `redis-server [file] [--option value]`. */
export const redisServer: Program = (context) => {
  const { clock, network, stdout, args } = context;
  if (args.includes('--version') || args[1] === '-v') {
    stdout.write(`Redis server v=${version} sha=00000000:0 malloc=libc bits=64 build=0\n`);
    return 0;
  }
  const log = (text: string, mark = '*'): void => {
    const at = new Date(clock.now());
    const day = `${String(at.getUTCDate()).padStart(2, '0')} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
    stdout.write(`${context.pid}:M ${day} ${at.toISOString().slice(11, 23)} ${mark} ${text}\n`);
  };
  const configuration = readConfiguration(context);
  let following: AbortController | undefined;
  let leader: (Leader & { isUp: boolean }) | undefined;
  const follow = (next: Leader | undefined): void => {
    following?.abort();
    following = undefined;
    leader = next === undefined ? undefined : { ...next, isUp: false };
    if (leader === undefined) return;
    following = new AbortController();
    void followLeader(context, server, leader, AbortSignal.any([following.signal, context.killed]), log);
  };
  const server = new RedisServer(context, configuration, {
    follow,
    leader: () => leader,
    shutdown: () => lifetime.end(0),
  });
  const port = Number(configuration.get('port'));
  log('oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
  log(`Redis version=${version}, bits=64, commit=00000000, modified=0, pid=${context.pid}, just started`);
  log(`Running mode=standalone, port=${port}.`);
  const listener = network.listen(port, (connection) => server.accept(connection));
  log('Server initialized');
  log('Ready to accept connections tcp');
  const lifetime = lifetimeOf(context, [listener, { close: () => follow(undefined) }], (end) => {
    log('Received SIGTERM scheduling shutdown...');
    log('User requested shutdown...');
    log('Redis is now ready to exit, bye bye...', '#');
    end(0);
  });
  const [host = '', leaderPort = ''] = (configuration.get('replicaof') ?? '').split(/\s+/);
  if (host !== '') follow({ host, port: Number(leaderPort || 6379) });
  return lifetime.ended;
};

/** Of a file and of the command line, which wins. */
function readConfiguration({ args, files, cwd }: ProgramContext): Map<string, ByteText> {
  const settings = new Map<string, ByteText>([
    ['port', '6379'],
    ['bind', '* -::*'],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['appendonly', 'no'],
    ['save', ''],
    ['requirepass', ''],
  ]);
  const set = (name: string, value: ByteText): void => {
    const key = name.toLowerCase().replace(/^slaveof$/, 'replicaof');
    const text = value.replaceAll(/^"|"$/g, '');
    settings.set(key, key === 'maxmemory' ? memoryOf(text) : text);
  };
  const [file = '', ...rest] = args.slice(1);
  const hasFile = file !== '' && !file.startsWith('-');
  const lines = hasFile ? (files.read(file.startsWith('/') ? file : `${cwd}/${file}`) ?? '').split('\n') : [];
  for (const line of lines) {
    const [name = '', ...value] = line.trim().split(/\s+/);
    if (name !== '' && !name.startsWith('#')) set(name, value.join(' '));
  }
  const words = hasFile ? rest : args.slice(1);
  for (let at = 0; at < words.length; at++) {
    const name = words[at] ?? '';
    if (!name.startsWith('--')) continue;
    const end = words.findIndex((word, index) => index > at && word.startsWith('--'));
    set(name.slice(2), words.slice(at + 1, end < 0 ? words.length : end).join(' '));
  }
  return settings;
}

async function followLeader(
  context: ProgramContext,
  server: RedisServer,
  leader: Leader & { isUp: boolean },
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  log(`Connecting to MASTER ${leader.host}:${leader.port}`);
  while (!signal.aborted) {
    try {
      const to = await resolveAddress(context, leader.host, leader.port);
      const { stream } = await context.network.connect(to, { signal });
      signal.addEventListener('abort', () => stream.destroy(), { once: true });
      log('MASTER <-> REPLICA sync started');
      await replicate(stream, server, leader, log);
    } catch (error) {
      log(`Error condition on socket for SYNC: ${reasonOf(error)}`, '#');
    }
    if (leader.isUp && !signal.aborted) log('Connection with master lost.');
    leader.isUp = false;
    await sleep(context.clock, retryMs, signal);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof NetworkError && error.code === 'ECONNREFUSED') return 'Connection refused';
  return error instanceof Error ? error.message : String(error);
}

/** Until the connection ends. */
async function replicate(stream: Duplex, server: RedisServer, leader: { isUp: boolean }, log: Log): Promise<void> {
  const parser = new Parser();
  stream.on('error', () => undefined);
  stream.write(bytesOf(encode(['PSYNC', '?', '-1'])));
  for await (const piece of stream) {
    parser.push(fromBytes(piece as Buffer));
    for (let reply = parser.next(); reply !== undefined; reply = parser.next()) {
      if (typeof reply === 'string') load(server, reply, leader, log);
      else if (Array.isArray(reply)) server.replay(reply.map(String));
      else if (!(reply instanceof Status)) stream.destroy();
    }
  }
}

/** What the leader has takes the place of what was here. */
function load(server: RedisServer, snapshot: ByteText, leader: { isUp: boolean }, log: Log): void {
  server.store.clear();
  const parser = new Parser();
  parser.push(snapshot);
  for (let words = parser.next(); words !== undefined; words = parser.next())
    if (Array.isArray(words)) server.replay(words.map(String));
  leader.isUp = true;
  log('MASTER <-> REPLICA sync: Finished with success');
}

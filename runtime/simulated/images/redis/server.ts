import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import type { ByteText } from '../../../files/file-tree.ts';
import type { Connection } from '../../../network/network.ts';
import type { ProgramContext } from '../../process.ts';
import { dataCommands, runData, wrongNumber } from './commands.ts';
import { information } from './information.ts';
import { globOf } from './numbers.ts';
import { encode, ok, Parser, RedisError, type Reply, Status } from './resp.ts';
import { Store } from './store.ts';

/** One who is connected. */
export interface Client {
  readonly name: string;
  readonly channels: Set<ByteText>;
  readonly patterns: Set<ByteText>;
  /** Commands that wait for EXEC. */
  queue: (readonly ByteText[])[] | undefined;
  isReplica: boolean;
  isAuthenticated: boolean;
  readonly port: number;
  send(text: ByteText): void;
  close(): void;
}

export interface ServerHooks {
  /** Of whom it is a follower, for `SLAVEOF`; undefined: of nobody. */
  follow(leader: { readonly host: string; readonly port: number } | undefined): void;
  leader(): { readonly host: string; readonly port: number; readonly isUp: boolean } | undefined;
  shutdown(): void;
}

/** The data and whoever looks at it. */
export class RedisServer {
  readonly store: Store;
  readonly clients = new Set<Client>();
  readonly configuration: Map<string, ByteText>;
  readonly startedAt: number;
  readonly replicationId: string;
  readonly hooks: ServerHooks;
  commands = 0;
  #offset = 0;

  constructor(
    { clock, random }: Pick<ProgramContext, 'clock' | 'random'>,
    configuration: Map<string, ByteText>,
    hooks: ServerHooks,
  ) {
    this.store = new Store(() => clock.now());
    this.startedAt = clock.now();
    this.configuration = configuration;
    this.replicationId = random.uuid().replaceAll('-', '') + random.uuid().replaceAll('-', '').slice(0, 8);
    this.hooks = hooks;
  }

  get offset(): number {
    return this.#offset;
  }

  get password(): ByteText {
    return this.configuration.get('requirepass') ?? '';
  }

  accept({ stream, flow }: Connection): void {
    const parser = new Parser();
    const client: Client = {
      name: `${flow.from.ip}:${flow.from.port}`,
      channels: new Set(),
      patterns: new Set(),
      queue: undefined,
      isReplica: false,
      isAuthenticated: this.password === '',
      port: flow.from.port,
      send: (text) => void (stream.writable && stream.write(bytesOf(text))),
      close: () => stream.end(),
    };
    this.clients.add(client);
    stream.on('error', () => undefined);
    stream.once('close', () => this.clients.delete(client));
    stream.once('end', () => stream.end());
    stream.on('data', (piece: Buffer) => {
      parser.push(fromBytes(piece));
      for (let words = parser.next(); words !== undefined; words = parser.next())
        if (Array.isArray(words) && words.length > 0) client.send(this.answer(client, words.map(String)));
    });
  }

  /** As it goes over the wire; nothing for some. */
  answer(client: Client, words: readonly ByteText[]): ByteText {
    const [given = '', ...rest] = words;
    const name = given.toLowerCase();
    this.commands++;
    try {
      if (!client.isAuthenticated && !['auth', 'hello', 'quit'].includes(name))
        throw new RedisError('NOAUTH Authentication required.');
      if (client.queue !== undefined && !['exec', 'discard', 'multi', 'watch'].includes(name)) {
        client.queue.push(words);
        return '+QUEUED\r\n';
      }
      const special = specials[name];
      return special === undefined ? encode(this.#data(name, rest)) : special(this, client, rest);
    } catch (error) {
      if (error instanceof RedisError) return encode(error);
      throw error;
    }
  }

  #data(name: string, words: readonly ByteText[]): Reply {
    const isWrite = dataCommands[name]?.isWrite === true;
    if (isWrite && this.hooks.leader() !== undefined)
      throw new RedisError("READONLY You can't write against a read only replica.");
    const reply = runData(this.store, name, words);
    if (isWrite) this.#propagate([name, ...words]);
    return reply;
  }

  /** What a leader says is done as it comes, and told to followers of our own. */
  replay(words: readonly ByteText[]): void {
    const [name = '', ...rest] = words;
    if (dataCommands[name.toLowerCase()] === undefined) return;
    runData(this.store, name.toLowerCase(), rest);
    this.#propagate(words);
  }

  #propagate(words: readonly ByteText[]): void {
    const text = encode(words);
    this.#offset += text.length;
    for (const client of this.clients) if (client.isReplica) client.send(text);
  }

  publish(channel: ByteText, message: ByteText): number {
    let count = 0;
    for (const client of this.clients) {
      if (client.channels.has(channel)) {
        client.send(encode(['message', channel, message]));
        count++;
      }
      for (const pattern of client.patterns) {
        if (!globOf(pattern).test(channel)) continue;
        client.send(encode(['pmessage', pattern, channel, message]));
        count++;
      }
    }
    return count;
  }

  /** Commands that make the data anew. */
  snapshot(): ByteText {
    const commands: (readonly ByteText[])[] = [];
    for (const key of this.store.keys()) {
      const value = this.store.any(key);
      if (value?.is === 'string') commands.push(['set', key, value.text]);
      if (value?.is === 'list') commands.push(['rpush', key, ...value.items]);
      if (value?.is === 'hash') commands.push(['hset', key, ...[...value.fields].flat()]);
      if (value?.is === 'set') commands.push(['sadd', key, ...value.members]);
      if (value?.is === 'zset')
        commands.push(['zadd', key, ...[...value.scores].flatMap(([name, score]) => [String(score), name])]);
      const deadline = this.store.deadline(key);
      if (deadline !== undefined) commands.push(['pexpireat', key, String(deadline)]);
    }
    return commands.map(encode).join('');
  }
}

type Special = (server: RedisServer, client: Client, words: readonly ByteText[]) => ByteText;

const subscription =
  (isPattern: boolean, isOn: boolean): Special =>
  (_server, client, words) => {
    const kind = `${isPattern ? 'p' : ''}${isOn ? '' : 'un'}subscribe`;
    const own = isPattern ? client.patterns : client.channels;
    const names = words.length > 0 || isOn ? words : [...own];
    if (names.length === 0) return encode([kind, null, 0]);
    return names
      .map((name) => {
        if (isOn) own.add(name);
        else own.delete(name);
        return encode([kind, name, client.channels.size + client.patterns.size]);
      })
      .join('');
  };

const follow: Special = ({ hooks }, _client, [host = '', port = '']) => {
  const isNobody = host.toLowerCase() === 'no' && port.toLowerCase() === 'one';
  hooks.follow(isNobody ? undefined : { host, port: Number(port) });
  return encode(ok);
};

const configure: Special = ({ configuration }, _client, [action = '', name = '', value = '']) => {
  if (action.toLowerCase() === 'get') {
    const glob = globOf(name.toLowerCase());
    return encode([...configuration].filter(([one]) => glob.test(one)).flat());
  }
  if (action.toLowerCase() === 'set') configuration.set(name.toLowerCase(), value);
  return encode(ok);
};

const specials: Readonly<Record<string, Special>> = {
  ping: (_server, client, [text]) => {
    if (client.channels.size + client.patterns.size > 0) return encode(['pong', text ?? '']);
    return encode(text ?? new Status('PONG'));
  },
  echo: (_server, _client, [text]) => {
    if (text === undefined) throw wrongNumber('echo');
    return encode(text);
  },
  auth: (server, client, words) => {
    if (server.password === '')
      throw new RedisError(
        'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      );
    if (words.at(-1) !== server.password)
      throw new RedisError('WRONGPASS invalid username-password pair or user is disabled.');
    client.isAuthenticated = true;
    return encode(ok);
  },
  hello: () => encode(new RedisError('NOPROTO unsupported protocol version')),
  select: () => encode(ok),
  quit: (_server, client) => {
    client.send(encode(ok));
    client.close();
    return '';
  },
  client: (_server, client, [action = '']) => {
    if (action.toLowerCase() === 'id') return encode(client.port);
    return encode(action.toLowerCase() === 'getname' ? '' : ok);
  },
  command: (_server, _client, [action = '']) =>
    encode(action.toLowerCase() === 'count' ? Object.keys(dataCommands).length + Object.keys(specials).length : []),
  config: configure,
  info: (server, _client, [section = '']) => encode(information(server, section.toLowerCase())),
  role: (server) => {
    const leader = server.hooks.leader();
    if (leader !== undefined)
      return encode(['slave', leader.host, leader.port, leader.isUp ? 'connected' : 'connect', server.offset]);
    const replicas = [...server.clients].filter((one) => one.isReplica);
    return encode([
      'master',
      server.offset,
      replicas.map((one) => [one.name.replace(/:\d+$/, ''), '6379', String(server.offset)]),
    ]);
  },
  time: ({ store }) => encode([String(Math.floor(store.now / 1000)), String((store.now % 1000) * 1000)]),
  save: () => encode(ok),
  bgsave: () => encode(new Status('Background saving started')),
  lastsave: ({ startedAt }) => encode(Math.floor(startedAt / 1000)),
  wait: ({ clients }) => encode([...clients].filter((one) => one.isReplica).length),
  watch: () => encode(ok),
  unwatch: () => encode(ok),
  multi: (_server, client) => {
    if (client.queue !== undefined) throw new RedisError('ERR MULTI calls can not be nested');
    client.queue = [];
    return encode(ok);
  },
  discard: (_server, client) => {
    if (client.queue === undefined) throw new RedisError('ERR DISCARD without MULTI');
    client.queue = undefined;
    return encode(ok);
  },
  exec: (server, client) => {
    const { queue } = client;
    if (queue === undefined) throw new RedisError('ERR EXEC without MULTI');
    client.queue = undefined;
    return `*${queue.length}\r\n${queue.map((words) => server.answer(client, words)).join('')}`;
  },
  subscribe: subscription(false, true),
  unsubscribe: subscription(false, false),
  psubscribe: subscription(true, true),
  punsubscribe: subscription(true, false),
  publish: (server, _client, [channel, message]) => {
    if (channel === undefined || message === undefined) throw wrongNumber('publish');
    return encode(server.publish(channel, message));
  },
  slaveof: follow,
  replicaof: follow,
  replconf: () => encode(ok),
  psync: (server, client) => {
    client.isReplica = true;
    return `+FULLRESYNC ${server.replicationId} ${server.offset}\r\n${encode(server.snapshot())}`;
  },
  shutdown: ({ hooks }) => {
    hooks.shutdown();
    return '';
  },
};

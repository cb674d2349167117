import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import type { ByteText } from '../../../files/file-tree.ts';
import type { Connection } from '../../../network/network.ts';
import type { Program } from '../../process.ts';
import { lifetimeOf } from '../lifetime.ts';

interface Item {
  text: ByteText;
  readonly flags: string;
  readonly expiresAt: number;
}

const monthSeconds = 2_592_000;

class Cache {
  readonly #items = new Map<ByteText, Item>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  find(key: ByteText): Item | undefined {
    const item = this.#items.get(key);
    if (item === undefined || item.expiresAt > this.#now()) return item;
    this.#items.delete(key);
    return undefined;
  }

  /** `set`, `add`, `replace`, `append`, `prepend`, `cas`. */
  store([name = '', key = '', flags = '0', seconds = '0']: readonly string[], text: ByteText): string {
    const old = this.find(key);
    const isJoining = name === 'append' || name === 'prepend';
    if ((name === 'add' && old !== undefined) || ((name === 'replace' || isJoining) && old === undefined))
      return 'NOT_STORED';
    if (isJoining && old !== undefined) {
      old.text = name === 'append' ? old.text + text : text + old.text;
      return 'STORED';
    }
    this.#items.set(key, { text, flags, expiresAt: this.#deadline(Number(seconds)) });
    return 'STORED';
  }

  /** More than a month is a date. */
  #deadline(seconds: number): number {
    if (seconds === 0) return Number.POSITIVE_INFINITY;
    return seconds > monthSeconds ? seconds * 1000 : this.#now() + seconds * 1000;
  }

  get(keys: readonly ByteText[], ending = ''): string {
    const rows = keys.map((key) => {
      const item = this.find(key);
      return item === undefined ? '' : `VALUE ${key} ${item.flags} ${item.text.length}${ending}\r\n${item.text}\r\n`;
    });
    return `${rows.join('')}END`;
  }

  add(key: ByteText, amount: number): string {
    const item = this.find(key);
    if (item === undefined) return 'NOT_FOUND';
    if (!/^\d+$/.test(item.text)) return 'CLIENT_ERROR cannot increment or decrement non-numeric value';
    item.text = String(Math.max(0, Number(item.text) + amount));
    return item.text;
  }

  delete(key: ByteText): boolean {
    return this.#items.delete(key);
  }

  clear(): void {
    this.#items.clear();
  }

  get size(): number {
    return this.#items.size;
  }
}

const commands: Readonly<Record<string, (cache: Cache, words: readonly string[]) => string>> = {
  get: (cache, keys) => cache.get(keys),
  gets: (cache, keys) => cache.get(keys, ' 1'),
  delete: (cache, [key = '']) => (cache.delete(key) ? 'DELETED' : 'NOT_FOUND'),
  incr: (cache, [key = '', amount]) => cache.add(key, Number(amount)),
  decr: (cache, [key = '', amount]) => cache.add(key, -Number(amount)),
  touch: (cache, [key = '']) => (cache.find(key) === undefined ? 'NOT_FOUND' : 'TOUCHED'),
  flush_all: (cache) => {
    cache.clear();
    return 'OK';
  },
  version: () => 'VERSION 1.6.39',
  verbosity: () => 'OK',
  stats: (cache) => `STAT pid 1\r\nSTAT version 1.6.39\r\nSTAT curr_items ${cache.size}\r\nEND`,
};

const storing = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas']);

/** The text protocol: what most clients use of it. */
export const memcached: Program = (context) => {
  const { args, network, clock } = context;
  const at = args.indexOf('-p');
  const cache = new Cache(() => clock.now());
  const port = at < 0 ? 11_211 : Number(args[at + 1]);
  return lifetimeOf(context, [network.listen(port, (connection) => converse(cache, connection))]).ended;
};

function converse(cache: Cache, { stream }: Connection): void {
  let text = '';
  stream.on('error', () => undefined);
  stream.once('end', () => stream.end());
  stream.on('data', (piece: Buffer) => {
    text += fromBytes(piece);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const words = text.slice(0, end).trim().split(/ +/);
      const [name = '', ...rest] = words;
      const size = storing.has(name) ? Number(rest[3] ?? 0) : undefined;
      if (size !== undefined && text.length < end + 1 + size + 2) return;
      const block = text.slice(end + 1, end + 1 + (size ?? 0));
      text = text.slice(end + 1 + (size === undefined ? 0 : size + 2));
      if (name === 'quit') {
        stream.end();
        return;
      }
      const reply = size === undefined ? (commands[name]?.(cache, rest) ?? 'ERROR') : cache.store(words, block);
      if (rest.at(-1) !== 'noreply') stream.write(bytesOf(`${reply}\r\n`));
    }
  });
}

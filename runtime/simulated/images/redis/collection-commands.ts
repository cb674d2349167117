import type { ByteText } from '../../../files/file-tree.ts';
import type { DataCommand } from './data-command.ts';
import { floatOf, integerOf, rangeOf } from './numbers.ts';
import { ok, RedisError, type Reply } from './resp.ts';
import type { Store } from './store.ts';

type Run = DataCommand['run'];
const reads = (least: number, most: number, run: Run): DataCommand => ({ words: [least, most], isWrite: false, run });
const writes = (least: number, most: number, run: Run): DataCommand => ({ words: [least, most], isWrite: true, run });

const itemsOf = (store: Store, key: ByteText): ByteText[] => store.get(key, 'list')?.items ?? [];
const fieldsOf = (store: Store, key: ByteText): ReadonlyMap<ByteText, ByteText> =>
  store.get(key, 'hash')?.fields ?? new Map();
const membersOf = (store: Store, key: ByteText): ReadonlySet<ByteText> => store.get(key, 'set')?.members ?? new Set();

const pushing = (isLeft: boolean): DataCommand =>
  writes(2, -1, (store, [key = '', ...values]) => {
    const { items } = store.open(key, 'list');
    for (const value of values) isLeft ? items.unshift(value) : items.push(value);
    return items.length;
  });

const popping = (isLeft: boolean): DataCommand =>
  writes(1, 2, (store, [key = '', amount]) => {
    const items = itemsOf(store, key);
    if (items.length === 0) return null;
    const count = amount === undefined ? 1 : integerOf(amount);
    const taken = isLeft ? items.splice(0, count) : items.splice(Math.max(0, items.length - count)).reverse();
    store.prune(key, items.length);
    return amount === undefined ? (taken[0] ?? null) : taken;
  });

const ranked = (store: Store, key: ByteText): (readonly [ByteText, number])[] =>
  [...(store.get(key, 'zset')?.scores ?? [])].toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));

const zrange = (isReversed: boolean): DataCommand =>
  reads(3, 4, (store, [key = '', start = '', stop = '', option = '']) => {
    const all = ranked(store, key);
    if (isReversed) all.reverse();
    const rows = all.slice(...rangeOf(all.length, integerOf(start), integerOf(stop)));
    return option.toLowerCase() === 'withscores'
      ? rows.flatMap(([name, score]) => [name, String(score)])
      : rows.map(([name]) => name);
  });

const combining = (keeps: (member: ByteText, others: readonly ReadonlySet<ByteText>[]) => boolean): DataCommand =>
  reads(1, -1, (store, [first = '', ...keys]): Reply => {
    const others = keys.map((key) => membersOf(store, key));
    return [...membersOf(store, first)].filter((member) => keeps(member, others));
  });

export const collectionCommands: Readonly<Record<string, DataCommand>> = {
  lpush: pushing(true),
  rpush: pushing(false),
  lpop: popping(true),
  rpop: popping(false),
  llen: reads(1, 1, (store, [key = '']) => itemsOf(store, key).length),
  lrange: reads(3, 3, (store, [key = '', start = '', stop = '']) => {
    const items = itemsOf(store, key);
    return items.slice(...rangeOf(items.length, integerOf(start), integerOf(stop)));
  }),
  lindex: reads(2, 2, (store, [key = '', index = '']) => itemsOf(store, key).at(integerOf(index)) ?? null),
  ltrim: writes(3, 3, (store, [key = '', start = '', stop = '']) => {
    const items = itemsOf(store, key);
    const kept = items.slice(...rangeOf(items.length, integerOf(start), integerOf(stop)));
    items.splice(0, items.length, ...kept);
    store.prune(key, items.length);
    return ok;
  }),
  lrem: writes(3, 3, (store, [key = '', , value = '']) => {
    const items = itemsOf(store, key);
    const kept = items.filter((item) => item !== value);
    const removed = items.length - kept.length;
    items.splice(0, items.length, ...kept);
    store.prune(key, items.length);
    return removed;
  }),
  hset: writes(3, -1, (store, [key = '', ...pairs]) => {
    if (pairs.length % 2 !== 0) throw new RedisError("ERR wrong number of arguments for 'hset' command");
    const { fields } = store.open(key, 'hash');
    const before = fields.size;
    for (let at = 0; at < pairs.length; at += 2) fields.set(pairs[at] ?? '', pairs[at + 1] ?? '');
    return fields.size - before;
  }),
  hget: reads(2, 2, (store, [key = '', field = '']) => fieldsOf(store, key).get(field) ?? null),
  hmget: reads(2, -1, (store, [key = '', ...names]) => names.map((name) => fieldsOf(store, key).get(name) ?? null)),
  hgetall: reads(1, 1, (store, [key = '']) => [...fieldsOf(store, key)].flat()),
  hkeys: reads(1, 1, (store, [key = '']) => [...fieldsOf(store, key).keys()]),
  hvals: reads(1, 1, (store, [key = '']) => [...fieldsOf(store, key).values()]),
  hlen: reads(1, 1, (store, [key = '']) => fieldsOf(store, key).size),
  hexists: reads(2, 2, (store, [key = '', field = '']) => Number(fieldsOf(store, key).has(field))),
  hdel: writes(2, -1, (store, [key = '', ...names]) => {
    const fields = store.get(key, 'hash')?.fields;
    if (fields === undefined) return 0;
    const removed = names.filter((name) => fields.delete(name)).length;
    store.prune(key, fields.size);
    return removed;
  }),
  hincrby: writes(3, 3, (store, [key = '', field = '', amount = '']) => {
    const { fields } = store.open(key, 'hash');
    const sum = integerOf(fields.get(field) ?? '0') + integerOf(amount);
    fields.set(field, String(sum));
    return sum;
  }),
  sadd: writes(2, -1, (store, [key = '', ...names]) => {
    const { members } = store.open(key, 'set');
    const before = members.size;
    for (const name of names) members.add(name);
    return members.size - before;
  }),
  srem: writes(2, -1, (store, [key = '', ...names]) => {
    const members = store.get(key, 'set')?.members;
    if (members === undefined) return 0;
    const removed = names.filter((name) => members.delete(name)).length;
    store.prune(key, members.size);
    return removed;
  }),
  smembers: reads(1, 1, (store, [key = '']) => [...membersOf(store, key)]),
  sismember: reads(2, 2, (store, [key = '', name = '']) => Number(membersOf(store, key).has(name))),
  scard: reads(1, 1, (store, [key = '']) => membersOf(store, key).size),
  sinter: combining((member, others) => others.every((other) => other.has(member))),
  sdiff: combining((member, others) => others.every((other) => !other.has(member))),
  sunion: reads(1, -1, (store, keys) => [...new Set(keys.flatMap((key) => [...membersOf(store, key)]))]),
  zadd: writes(3, -1, (store, [key = '', ...pairs]) => {
    const { scores } = store.open(key, 'zset');
    const before = scores.size;
    for (let at = 0; at + 1 < pairs.length; at += 2) scores.set(pairs[at + 1] ?? '', floatOf(pairs[at] ?? ''));
    return scores.size - before;
  }),
  zincrby: writes(3, 3, (store, [key = '', amount = '', name = '']) => {
    const { scores } = store.open(key, 'zset');
    const sum = (scores.get(name) ?? 0) + floatOf(amount);
    scores.set(name, sum);
    return String(sum);
  }),
  zrem: writes(2, -1, (store, [key = '', ...names]) => {
    const scores = store.get(key, 'zset')?.scores;
    if (scores === undefined) return 0;
    const removed = names.filter((name) => scores.delete(name)).length;
    store.prune(key, scores.size);
    return removed;
  }),
  zcard: reads(1, 1, (store, [key = '']) => store.get(key, 'zset')?.scores.size ?? 0),
  zscore: reads(2, 2, (store, [key = '', name = '']) => {
    const score = store.get(key, 'zset')?.scores.get(name);
    return score === undefined ? null : String(score);
  }),
  zrank: reads(2, 2, (store, [key = '', name = '']) => {
    const at = ranked(store, key).findIndex(([one]) => one === name);
    return at < 0 ? null : at;
  }),
  zrange: zrange(false),
  zrevrange: zrange(true),
};

import type { DataCommand } from './data-command.ts';
import { globOf, integerOf } from './numbers.ts';
import { ok, RedisError, Status } from './resp.ts';
import type { Store } from './store.ts';

const count = (values: readonly boolean[]): number => values.filter((value) => value).length;

const expiring = (unit: number, isAbsolute: boolean): DataCommand => ({
  words: [2, 3],
  isWrite: true,
  run: (store, [key = '', amount = '']) => {
    if (!store.has(key)) return 0;
    store.setDeadline(key, (isAbsolute ? 0 : store.now) + integerOf(amount) * unit);
    store.has(key);
    return 1;
  },
});

const remaining = (unit: number): DataCommand => ({
  words: [1, 1],
  isWrite: false,
  run: (store, [key = '']) => {
    if (!store.has(key)) return -2;
    const deadline = store.deadline(key);
    return deadline === undefined ? -1 : Math.ceil((deadline - store.now) / unit);
  },
});

function rename(store: Store, from: string, to: string): boolean {
  const value = store.any(from);
  if (value === undefined) throw new RedisError('ERR no such key');
  const deadline = store.deadline(from);
  store.delete(from);
  store.put(to, value);
  store.setDeadline(to, deadline);
  return true;
}

export const keyCommands: Readonly<Record<string, DataCommand>> = {
  del: { words: [1, -1], isWrite: true, run: (store, keys) => count(keys.map((key) => store.delete(key))) },
  unlink: { words: [1, -1], isWrite: true, run: (store, keys) => count(keys.map((key) => store.delete(key))) },
  exists: { words: [1, -1], isWrite: false, run: (store, keys) => count(keys.map((key) => store.has(key))) },
  expire: expiring(1000, false),
  pexpire: expiring(1, false),
  expireat: expiring(1000, true),
  pexpireat: expiring(1, true),
  ttl: remaining(1000),
  pttl: remaining(1),
  persist: {
    words: [1, 1],
    isWrite: true,
    run: (store, [key = '']) => {
      const had = store.has(key) && store.deadline(key) !== undefined;
      store.setDeadline(key, undefined);
      return had ? 1 : 0;
    },
  },
  keys: {
    words: [1, 1],
    isWrite: false,
    run: (store, [pattern = '*']) => store.keys().filter((key) => globOf(pattern).test(key)),
  },
  scan: {
    words: [1, -1],
    isWrite: false,
    run: (store, words) => {
      const at = words.findIndex((word) => word.toLowerCase() === 'match');
      const glob = globOf(at < 0 ? '*' : (words[at + 1] ?? '*'));
      return ['0', store.keys().filter((key) => glob.test(key))];
    },
  },
  type: { words: [1, 1], isWrite: false, run: (store, [key = '']) => new Status(store.any(key)?.is ?? 'none') },
  rename: {
    words: [2, 2],
    isWrite: true,
    run: (store, [from = '', to = '']) => {
      rename(store, from, to);
      return ok;
    },
  },
  renamenx: {
    words: [2, 2],
    isWrite: true,
    run: (store, [from = '', to = '']) => (store.has(to) ? 0 : Number(rename(store, from, to))),
  },
  dbsize: { words: [0, 0], isWrite: false, run: (store) => store.keys().length },
  randomkey: { words: [0, 0], isWrite: false, run: (store) => store.keys()[0] ?? null },
  flushall: {
    words: [0, 1],
    isWrite: true,
    run: (store) => {
      store.clear();
      return ok;
    },
  },
  flushdb: {
    words: [0, 1],
    isWrite: true,
    run: (store) => {
      store.clear();
      return ok;
    },
  },
};

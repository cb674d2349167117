import type { ByteText } from '../../../files/file-tree.ts';
import type { DataCommand } from './data-command.ts';
import { floatOf, integerOf, rangeOf } from './numbers.ts';
import { ok, RedisError } from './resp.ts';
import type { Store } from './store.ts';

const textOf = (store: Store, key: ByteText): ByteText | null => store.get(key, 'string')?.text ?? null;

/** Keeps the deadline. */
function change(store: Store, key: ByteText, by: (text: ByteText) => ByteText): ByteText {
  const value = store.open(key, 'string');
  value.text = by(value.text);
  return value.text;
}

const adding = (amountOf: (words: readonly ByteText[]) => number): DataCommand => ({
  words: [1, 2],
  isWrite: true,
  run: (store, words) => {
    const amount = amountOf(words);
    const [key = ''] = words;
    return Number(change(store, key, (text) => String(integerOf(text === '' ? '0' : text) + amount)));
  },
});

/** `SET key value [NX|XX] [GET] [EX n|PX n|EXAT n|PXAT n|KEEPTTL]`. */
const set: DataCommand = {
  words: [2, -1],
  isWrite: true,
  run: (store, [key = '', text = '', ...options]) => {
    const before = textOfAny(store, key);
    const flags = new Set<string>();
    let deadline: number | undefined;
    for (let at = 0; at < options.length; at++) {
      const option = (options[at] ?? '').toLowerCase();
      const unit = { ex: 1000, px: 1, exat: 1000, pxat: 1 }[option];
      if (unit === undefined) {
        if (!['nx', 'xx', 'get', 'keepttl'].includes(option)) throw new RedisError('ERR syntax error');
        flags.add(option);
        continue;
      }
      const amount = integerOf(options[++at] ?? '');
      if (amount <= 0) throw new RedisError("ERR invalid expire time in 'set' command");
      deadline = (option.endsWith('at') ? 0 : store.now) + amount * unit;
    }
    const held = flags.has('keepttl') ? store.deadline(key) : deadline;
    if ((flags.has('nx') && store.has(key)) || (flags.has('xx') && !store.has(key)))
      return flags.has('get') ? before : null;
    store.put(key, { is: 'string', text });
    store.setDeadline(key, held);
    return flags.has('get') ? before : ok;
  },
};

function textOfAny(store: Store, key: ByteText): ByteText | null {
  const value = store.any(key);
  return value?.is === 'string' ? value.text : null;
}

export const stringCommands: Readonly<Record<string, DataCommand>> = {
  set,
  get: { words: [1, 1], isWrite: false, run: (store, [key = '']) => textOf(store, key) },
  getset: { words: [2, 2], isWrite: true, run: (store, [key = '', text = '']) => replaced(store, key, text) },
  getdel: {
    words: [1, 1],
    isWrite: true,
    run: (store, [key = '']) => {
      const text = textOf(store, key);
      store.delete(key);
      return text;
    },
  },
  setnx: {
    words: [2, 2],
    isWrite: true,
    run: (store, [key = '', text = '']) => {
      if (store.has(key)) return 0;
      store.put(key, { is: 'string', text });
      return 1;
    },
  },
  setex: {
    words: [3, 3],
    isWrite: true,
    run: (store, [key = '', seconds = '', text = '']) => set.run(store, [key, text, 'EX', seconds]),
  },
  psetex: {
    words: [3, 3],
    isWrite: true,
    run: (store, [key = '', ms = '', text = '']) => set.run(store, [key, text, 'PX', ms]),
  },
  mget: { words: [1, -1], isWrite: false, run: (store, keys) => keys.map((key) => textOfAny(store, key)) },
  mset: {
    words: [2, -1],
    isWrite: true,
    run: (store, words) => {
      if (words.length % 2 !== 0) throw new RedisError("ERR wrong number of arguments for 'mset' command");
      for (let at = 0; at < words.length; at += 2)
        store.put(words[at] ?? '', { is: 'string', text: words[at + 1] ?? '' });
      return ok;
    },
  },
  append: {
    words: [2, 2],
    isWrite: true,
    run: (store, [key = '', text = '']) => change(store, key, (before) => before + text).length,
  },
  strlen: { words: [1, 1], isWrite: false, run: (store, [key = '']) => (textOf(store, key) ?? '').length },
  getrange: {
    words: [3, 3],
    isWrite: false,
    run: (store, [key = '', start = '', stop = '']) => {
      const text = textOf(store, key) ?? '';
      return text.slice(...rangeOf(text.length, integerOf(start), integerOf(stop)));
    },
  },
  incr: adding(() => 1),
  decr: adding(() => -1),
  incrby: adding(([, amount = '']) => integerOf(amount)),
  decrby: adding(([, amount = '']) => -integerOf(amount)),
  incrbyfloat: {
    words: [2, 2],
    isWrite: true,
    run: (store, [key = '', amount = '']) =>
      change(store, key, (text) => String(floatOf(text === '' ? '0' : text) + floatOf(amount))),
  },
};

function replaced(store: Store, key: ByteText, text: ByteText): ByteText | null {
  const before = textOf(store, key);
  store.put(key, { is: 'string', text });
  return before;
}

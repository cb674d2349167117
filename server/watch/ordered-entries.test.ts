import t from 'tap';
import { seededRandom } from '../../api/seeded-random.ts';
import type { Entry } from './entry.ts';
import { OrderedEntries } from './ordered-entries.ts';

function entry(key: string, revision: number): Entry {
  return { key, namespace: '', name: key, revision, value: new Uint8Array() };
}

t.test(
  'entries agree with a plain sorted list through thousands of insertions, replacements and removals',
  async (t) => {
    const random = seededRandom(7);
    const entries = new OrderedEntries();
    const plain = new Map<string, Entry>();
    for (let i = 1; i <= 20_000; i++) {
      const key = `/${'abc'[Math.floor(random() * 3)]}/${Math.floor(random() * 2500)}`;
      if (random() < (i < 12_000 ? 0.3 : 0.7)) {
        if (entries.delete(key) !== plain.get(key)) t.fail(`delete ${key}`);
        plain.delete(key);
      } else {
        const added = entry(key, i);
        if (entries.set(added) !== plain.get(key)) t.fail(`set ${key}`);
        plain.set(key, added);
      }
      if (entries.get(key) !== plain.get(key)) t.fail(`get ${key}`);
      if (i % 2000 !== 0) continue;
      const sorted = [...plain.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
      t.equal(entries.size, plain.size);
      for (const prefix of ['/', '/a/', '/b/', '/b/1', '/d/']) {
        const inside = sorted.filter((e) => e.key.startsWith(prefix));
        t.same([...entries.range(prefix)], inside, `${prefix} at step ${i}`);
        t.equal(entries.count(prefix), inside.length);
        for (const after of [
          inside[0]?.key,
          inside[Math.floor(inside.length / 2)]?.key,
          `${prefix}1234x`,
          inside.at(-1)?.key,
        ]) {
          if (after === undefined) continue;
          const rest = inside.filter((e) => e.key > after);
          t.same([...entries.range(prefix, after)], rest, `${prefix} behind ${after}`);
          t.equal(entries.count(prefix, after), rest.length);
        }
      }
    }
  },
);

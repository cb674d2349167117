import type { Test } from 'tap';
import type { ObjectStore, Revision } from './store.ts';
import { body, collect } from './store-probes.contract.ts';

interface Logged {
  readonly revision: Revision;
  readonly key: string;
  readonly isDelete: boolean;
}

/** Key to revision, in key order, as of `at`. */
function stateAt(log: readonly Logged[], at: Revision): [string, Revision][] {
  const state = new Map<string, Revision>();
  for (const { revision, key, isDelete } of log) {
    if (revision > at) break;
    if (isDelete) state.delete(key);
    else state.set(key, revision);
  }
  return [...state].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

async function pagesOf(t: Test, store: ObjectStore, at: Revision, total: number): Promise<[string, Revision][]> {
  const found: [string, Revision][] = [];
  for (let remaining = 1; remaining > 0; ) {
    const last = found.at(-1)?.[0];
    const page = await store.list({ prefix: '/k/', limit: 37, at, ...(last === undefined ? {} : { after: last }) });
    found.push(...page.items.map((item): [string, Revision] => [item.key, item.revision]));
    remaining = page.remaining;
    if (remaining !== total - found.length) t.fail(`${remaining} remain of ${total} after ${found.length}`);
  }
  return found;
}

/** Random writes and compactions, compared with a plain list of them. */
export async function compareWithLog(t: Test, store: ObjectStore): Promise<void> {
  let seed = 20260501;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
  const log: Logged[] = [];
  const live = new Map<string, Revision>();
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 250; i++) {
      const key = `/k/${'aZé\uff5e'[random(4)]}${random(60)}`;
      const current = live.get(key);
      const isDelete = current !== undefined && random(2) === 0;
      const written =
        current === undefined
          ? store.create(key, body(''))
          : isDelete
            ? store.delete(key, current, body(''))
            : store.update(key, current, body(''));
      const { revision } = await written;
      log.push({ revision, key, isDelete });
      if (isDelete) live.delete(key);
      else live.set(key, revision);
    }
    if (round % 2 === 1) await store.compact(Math.max(1, store.compactedRevision, store.revision - random(400)));
    const from = Math.max(1, store.compactedRevision);
    const at = from + random(store.revision - from + 1);
    const expected = stateAt(log, at);
    t.same(await pagesOf(t, store, at, expected.length), expected);
    const later = log.filter(({ revision }) => revision > from).map(({ revision }) => revision);
    t.same(
      (await collect(store.changes(from))).map(({ revision }) => revision),
      later,
    );
    const kept = [...stateAt(log, from).map(([, revision]) => revision), ...later].sort((a, b) => a - b);
    t.same(
      (await collect(store.replay())).map(({ revision }) => revision),
      kept,
      'nothing more is kept',
    );
  }
}

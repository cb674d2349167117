import t from 'tap';
import type { ApiClient, WatchOptions } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import type { Api, GroupVersionResource, KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { WatchEvent } from '../../api/watch.ts';
import { Informer } from '../client/informer.ts';
import { startReconciling } from './controller.ts';
import { EventCorrelator } from './event-correlator.ts';
import { Expectations } from './expectations.ts';
import { chosenControllers } from './manager.ts';
import { WorkQueue } from './work-queue.ts';

interface TestClock extends Clock {
  advance(ms: number): void;
}

function testClock(): TestClock {
  let now = 0;
  const timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after: (delayMs, callback) => {
      const timer = { at: now + delayMs, callback };
      timers.push(timer);
      return { cancel: () => void timers.splice(timers.indexOf(timer) >>> 0, 1) };
    },
    advance: (ms) => {
      now += ms;
      for (const timer of timers.filter(({ at }) => at <= now)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.callback();
      }
    },
  };
}

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };

function object(name: string, revision: number, uid = name): KubeObject {
  return { metadata: { name, namespace: 'a', uid, resourceVersion: String(revision) } };
}

type Stream = readonly (WatchEvent | Error)[];

/** Plays one stream for each watch, then stays silent. */
function player(streams: Stream[], asked: WatchOptions[]): ApiClient {
  const unused = (): never => {
    throw new Error('not used');
  };
  return {
    get: unused,
    list: unused,
    create: unused,
    update: unused,
    patch: unused,
    delete: unused,
    request: unused,
    async *watch<T extends KubeObject>(_resource: GroupVersionResource, options: WatchOptions, signal: AbortSignal) {
      asked.push(options);
      const stream = streams.shift();
      for (const event of stream ?? []) {
        if (event instanceof Error) throw event;
        yield event as WatchEvent<T>;
      }
      if (stream === undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
}

const synced: WatchEvent = {
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } } },
};

t.test(
  'an informer begins with what is there, resumes where it ended and starts over when that is too old',
  async (t) => {
    const asked: WatchOptions[] = [];
    const again: WatchEvent = {
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } } },
    };
    const client = player(
      [
        [{ type: 'ADDED', object: object('x', 1) }, { type: 'ADDED', object: object('y', 2) }, synced],
        [{ type: 'MODIFIED', object: object('x', 6) }],
        [new StatusError('Expired', 'too old')],
        [{ type: 'ADDED', object: object('x', 8, 'other') }, again],
      ],
      asked,
    );
    const stop = new AbortController();
    const informer = new Informer(pods, {}, { client, clock: testClock(), onError: (error) => t.fail(String(error)) });
    const told: string[] = [];
    informer.subscribe({
      added: ({ metadata }, isInitial) => told.push(`+${metadata?.name} ${isInitial}`),
      updated: ({ metadata }, old) => told.push(`=${metadata?.name} ${old.metadata?.resourceVersion}`),
      deleted: ({ metadata }) => told.push(`-${metadata?.name}`),
    });
    const running = informer.run(stop.signal);
    await informer.whenSynced();
    while (asked.length < 5) await new Promise((resolve) => setImmediate(resolve));
    t.strictSame(told, ['+x true', '+y true', '=x 1', '-x', '+x false', '-y']);
    t.strictSame(
      asked.map(({ sendInitialEvents, resourceVersion }) => resourceVersion ?? sendInitialEvents),
      [true, '5', '6', true, '9'],
    );
    t.strictSame(informer.list('a').length, 1);
    t.strictSame(informer.by('namespace', 'b'), []);
    stop.abort();
    await running;
  },
);

t.test('a key is worked on by one worker at a time and comes again when it was added meanwhile', async (t) => {
  const queue = new WorkQueue(testClock());
  queue.add('a');
  queue.add('a');
  const first = await queue.next();
  queue.add('a');
  t.strictSame([first, queue.depth], ['a', 0]);
  queue.done('a');
  t.strictSame(queue.depth, 1);
  t.strictSame(await queue.next(), 'a');
  queue.done('a');
  t.ok(queue.isIdle);
  const waiting = queue.next();
  queue.close();
  t.strictSame(await waiting, undefined);
});

t.test('failures come back later each time, and the earlier of several times counts', async (t) => {
  const clock = testClock();
  const queue = new WorkQueue(clock);
  for (const delay of [5, 10, 20]) {
    queue.addRateLimited('a');
    clock.advance(delay - 1);
    t.strictSame(queue.depth, 0, `${delay} ms`);
    clock.advance(1);
    t.strictSame(await queue.next(), 'a');
    queue.done('a');
  }
  queue.forget('a');
  queue.addAfter('a', 100);
  queue.addAfter('a', 50);
  queue.addAfter('a', 70);
  clock.advance(50);
  t.strictSame(queue.depth, 1);
});

t.test('a reconcile that throws is tried again, a conflict without a complaint', async (t) => {
  const clock = testClock();
  const queue = new WorkQueue(clock);
  const stop = new AbortController();
  const outcomes = [new StatusError('Conflict', 'c'), new Error('e'), undefined];
  const complaints: unknown[] = [];
  const done = Promise.withResolvers<void>();
  const running = startReconciling(
    {
      name: 'c',
      workers: 1,
      informers: [],
      queue,
      reconcile: async () => {
        const outcome = outcomes.shift();
        if (outcome !== undefined) throw outcome;
        done.resolve();
      },
    },
    { onError: (error) => complaints.push(error) },
    stop.signal,
  );
  queue.add('a');
  const ticking = setInterval(() => clock.advance(1000), 1);
  await done.promise;
  clearInterval(ticking);
  t.match(complaints, [/e/]);
  stop.abort();
  await running.ended;
});

t.test('a controller that counts waits for what it asked for', async (t) => {
  const clock = testClock();
  const expectations = new Expectations(clock);
  expectations.expectCreations('a', 2);
  expectations.creationObserved('a');
  t.notOk(expectations.areSatisfied('a'));
  expectations.creationObserved('a');
  t.ok(expectations.areSatisfied('a'));
  expectations.expectDeletions('a', ['x']);
  expectations.deletionObserved('a', 'y');
  t.notOk(expectations.areSatisfied('a'));
  clock.advance(6 * 60_000);
  t.ok(expectations.areSatisfied('a'), 'what never comes is not awaited for ever');
});

t.test('the same event again is counted, many similar ones become one, and a flood is cut', async (t) => {
  const clock = testClock();
  const correlator = new EventCorrelator(clock);
  const event = (name: string, message: string): Api<'io.k8s.api.core.v1.Event'> => ({
    metadata: { name },
    involvedObject: { uid: 'u' },
    source: { component: 'c' },
    reason: 'R',
    type: 'Normal',
    message,
  });
  t.strictSame(correlator.correlate(event('1', 'm'))?.isRepeated, false);
  t.match(correlator.correlate(event('2', 'm')), { isRepeated: true, event: { count: 2, metadata: { name: '1' } } });
  const messages = Array.from({ length: 12 }, (_, i) => correlator.correlate(event(`x${i}`, `m${i}`)));
  t.match(messages.at(-1), { isRepeated: true, event: { message: '(combined from similar events): m11' } });
  const flood = Array.from({ length: 20 }, () => correlator.correlate(event('y', 'm')));
  t.strictSame(flood.at(-1), undefined);
  clock.advance(5 * 60_000);
  t.not(correlator.correlate(event('z', 'm')), undefined);
});

t.test('--controllers chooses as upstream does', async (t) => {
  const definition = (name: string, isOffByDefault = false) => ({
    name,
    isOffByDefault,
    start: () => ({ name, queues: [], ended: Promise.resolve() }),
  });
  const all = [definition('a'), definition('b'), definition('c', true)];
  const names = (list: readonly string[]): string[] => chosenControllers(all, list).map(({ name }) => name);
  t.strictSame(names(['*']), ['a', 'b']);
  t.strictSame(names(['*', '-a', 'c']), ['b', 'c']);
  t.strictSame(names(['b']), ['b']);
  t.strictSame(names(['-*']), []);
});

import t from 'tap';
import { flowControlObjects } from '../bootstrap/flow-control.ts';
import { createManualClock } from '../http/test-server.ts';
import type { UserInfo } from '../registry/strategy.ts';
import type { FlowSchema } from '../resources/flowcontrol/flow-schemas.ts';
import type { PriorityLevelConfiguration } from '../resources/flowcontrol/priority-level-configurations.ts';
import { allocateConcurrency } from './concurrency-allocation.ts';
import { createFairQueues, type FlowCounts, type Seat } from './fair-queues.ts';
import { createFlowController } from './flow-controller.ts';
import type { RequestDigest } from './flow-rules.ts';
import { createInFlightLimit } from './in-flight-limit.ts';
import { createFlowKeeper, danglingCondition, revised } from './keeper.ts';
import { createRetryAfter } from './retry-after.ts';
import { handOfQueues } from './shuffle-shard.ts';
import { maxSeatsOf, widthOfList } from './work-width.ts';

const never = new AbortController();
const noCounts = (): FlowCounts => ({
  dispatched: 0,
  executing: 0,
  executingSeats: 0,
  waiting: 0,
  waitingSeats: 0,
  refused: { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 0, cancelled: 0 },
});

const bootstrap = flowControlObjects(0).map(({ object }) => object);
const schemas = bootstrap.filter(({ kind }) => kind === 'FlowSchema') as FlowSchema[];
const levels = bootstrap.filter(({ kind }) => kind !== 'FlowSchema') as PriorityLevelConfiguration[];

function controller(serverSeats = 600, more: { schemas?: FlowSchema[]; levels?: PriorityLevelConfiguration[] } = {}) {
  const clock = createManualClock();
  const objects = { schemas: [...schemas, ...(more.schemas ?? [])], levels: [...levels, ...(more.levels ?? [])] };
  const flows = createFlowController({
    clock,
    serverSeats,
    flowSchemas: () => objects.schemas,
    priorityLevels: () => objects.levels,
  });
  return { clock, flows, objects };
}

function request(username: string, groups: string[], verb: string, path: string, namespace?: string): RequestDigest {
  const user: UserInfo = { username, groups };
  const [resource = '', subresource = '', group = ''] = path.split(/[/.]/);
  const target = path.startsWith('/') ? undefined : { group, resource, subresource, namespace: namespace ?? '' };
  return { user, verb, path, target };
}

t.test('requests go to the flow schemas and priority levels to which upstream puts them', async (t) => {
  const { flows } = controller();
  const all = 'system:authenticated';
  const cases: [RequestDigest, string, string][] = [
    [request('admin', ['system:masters', all], 'list', 'pods'), 'exempt', 'exempt'],
    [request('system:anonymous', ['system:unauthenticated'], 'get', '/healthz'), 'probes', 'exempt'],
    [request('system:anonymous', ['system:unauthenticated'], 'get', '/livez/ping'), 'probes', 'exempt'],
    [request('system:node:a', ['system:nodes', all], 'update', 'nodes/status'), 'system-node-high', 'node-high'],
    [request('system:node:a', ['system:nodes', all], 'list', 'pods'), 'system-nodes', 'system'],
    [
      request('system:kube-scheduler', [all], 'update', 'leases//coordination', 'kube-system'),
      'kube-scheduler',
      'workload-high',
    ],
    [
      request('system:serviceaccount:kube-system:x', ['system:serviceaccounts', all], 'list', 'pods', 'a'),
      'kube-system-service-accounts',
      'workload-high',
    ],
    [
      request('system:serviceaccount:a:x', ['system:serviceaccounts', all], 'list', 'pods', 'a'),
      'service-accounts',
      'workload-low',
    ],
    [request('jane', [all], 'create', 'pods', 'a'), 'global-default', 'global-default'],
  ];
  for (const [digest, schema, level] of cases) {
    const flow = flows.classify(digest);
    t.same([flow.schema, flow.level.name], [schema, level], `${digest.user.username} ${digest.verb} ${digest.path}`);
    t.equal(flows.classify(digest), flow, 'and is remembered');
  }
});

t.test('seats are shared out and borrowed as a server with 600 of them does', async (t) => {
  const { flows, clock } = controller();
  flows.classify(request('jane', [], 'get', '/version'));
  const of = (pick: 'nominalSeats' | 'lowerSeats' | 'currentSeats') =>
    Object.fromEntries([...flows.levels.all.values()].map((level) => [level.name, level[pick]]));
  t.same(of('nominalSeats'), {
    exempt: 0,
    'catch-all': 13,
    system: 74,
    'node-high': 98,
    'leader-election': 25,
    'workload-high': 98,
    'workload-low': 245,
    'global-default': 49,
  });
  t.match(of('lowerSeats'), { system: 50, 'node-high': 73, 'workload-high': 49, 'workload-low': 24 });
  const idle = { exempt: 0, 'catch-all': 30, system: 117, 'node-high': 170, 'workload-low': 56, 'global-default': 56 };
  t.match(of('currentSeats'), idle);
  // Three hundred requests at once: more than the level has, and it borrows.
  const flow = flows.classify(request('system:serviceaccount:a:x', ['system:serviceaccounts'], 'get', 'pods', 'a'));
  const entered = Array.from({ length: 300 }, () =>
    flows.enter(flow, { width: 1, waitLimitMs: 15_000, caller: never }),
  );
  const seated = (): number => flow.level.queues.seatsInUse;
  t.equal(seated(), 56, 'as many as there are seats');
  clock.advance(10_000);
  t.ok(seated() > 200, `after a period there are more: ${seated()}`);
  for (const seat of await Promise.all(entered.slice(0, 56).map(async (entry) => await entry))) seat?.leave();
  t.ok(flow.level.queues.isIdle === false);
});

t.test('a level without queues refuses what finds no seat, and exempt ones never do', async (t) => {
  const { flows } = controller(10);
  const none = flows.classify(request('nobody', [], 'get', '/x'));
  t.equal(none.schema, 'catch-all');
  const work = { width: 1, waitLimitMs: 1, caller: never };
  const seats = Array.from({ length: 20 }, () => flows.enter(none, work)) as (Seat | undefined)[];
  const seated = seats.filter((seat) => seat !== undefined);
  t.ok(seated.length > 0 && seated.length < 20, `${seated.length} of 20`);
  t.equal(none.counts.refused['concurrency-limit'], 20 - seated.length);
  seated[0]?.leave();
  seated[0]?.leave();
  t.ok(flows.enter(none, work), 'one has left');
  t.equal(flows.enter(none, work), undefined, 'and leaving twice gives no second seat');
  const exempt = flows.classify(request('admin', ['system:masters'], 'get', 'pods'));
  t.ok(Array.from({ length: 1000 }, () => flows.enter(exempt, work)).every((seat) => seat !== undefined));
});

t.test('a flow that sends much waits for itself, one that sends little passes', async (t) => {
  const clock = createManualClock();
  const queues = createFairQueues(clock);
  queues.configure({ queuing: { queues: 4, queueLengthLimit: 50 } });
  queues.limitTo(2);
  const order: string[] = [];
  const running: Seat[] = [];
  const send = async (name: string, hand: number[]): Promise<void> => {
    const seat = await queues.enter({ width: 1, hand, counts: noCounts(), waitLimitMs: 60_000, caller: never });
    if (seat === undefined) return;
    order.push(name);
    running.push(seat);
  };
  const elephants = Array.from({ length: 20 }, () => send('elephant', [0]));
  clock.advance(1);
  const mice = [send('mouse', [1]), send('mouse', [1])];
  for (let i = 0; i < 6; i++) {
    clock.advance(10);
    await new Promise(setImmediate);
    running.shift()?.leave();
  }
  await new Promise(setImmediate);
  t.ok(order.indexOf('mouse') <= 3, `the first mouse comes ${order.indexOf('mouse') + 1}th`);
  t.equal(order.filter((name) => name === 'mouse').length, 2, 'both mice were served among the first eight');
  while (running.length > 0) {
    running.shift()?.leave();
    await new Promise(setImmediate);
  }
  await Promise.all([...elephants, ...mice]);
  t.equal(order.length, 22);
  t.same([queues.isIdle, queues.seatsInUse], [true, 0]);
});

t.test('who waits too long, goes away or finds the queue full is refused, and leaves nothing behind', async (t) => {
  const clock = createManualClock();
  const queues = createFairQueues(clock);
  queues.configure({ queuing: { queues: 1, queueLengthLimit: 2 } });
  queues.limitTo(1);
  const counts = noCounts();
  const gone = new AbortController();
  const enter = (caller = never) => queues.enter({ width: 1, hand: [0], counts, waitLimitMs: 1000, caller });
  const first = (await enter()) as Seat;
  const waiting = [enter(), enter(gone)];
  t.equal(enter(), undefined, 'two wait already');
  gone.abort();
  clock.advance(1001);
  t.same(await Promise.all(waiting.map(async (entry) => await entry)), [undefined, undefined]);
  t.same(counts.refused, { 'queue-full': 1, 'concurrency-limit': 0, 'time-out': 1, cancelled: 1 });
  t.same([counts.waiting, counts.waitingSeats, queues.waiting], [0, 0, 0]);
  const next = enter();
  first.leave();
  t.ok(await next, 'the next one gets the seat');
  queues.configure({ queuing: { queues: 1, queueLengthLimit: 2 } });
  t.equal(queues.queues.length, 1);
});

t.test('a wide request waits until there is room for all of it, and is not passed meanwhile', async (t) => {
  const queues = createFairQueues(createManualClock());
  queues.configure({ queuing: { queues: 2, queueLengthLimit: 10 } });
  queues.limitTo(4);
  const enter = (width: number, hand: number[]) =>
    queues.enter({ width, hand, counts: noCounts(), waitLimitMs: 1000, caller: never });
  const narrow = [enter(1, [0]), enter(1, [0]), enter(1, [0])] as Seat[];
  const wide = enter(3, [0]);
  const later = enter(1, [0]);
  t.ok(wide instanceof Promise && later instanceof Promise);
  narrow[0]?.leave();
  t.equal(queues.executing, 2);
  narrow[1]?.leave();
  t.equal(queues.seatsInUse, 4, 'one narrow one and the wide one');
  const taken = await wide;
  taken?.leave();
  t.ok(await later);
  for (const seat of [narrow[2], await later]) seat?.leave();
  t.ok(enter(9, [1]), 'wider than all there is: alone');
});

t.test('the hand of a flow is always the same and differs from others', async (t) => {
  const hands = Array.from({ length: 200 }, (_, i) => handOfQueues(`schema\0user-${i}`, 128, 6));
  t.ok(hands.every((hand) => new Set(hand).size === 6 && hand.every((card) => card >= 0 && card < 128)));
  t.same(handOfQueues('schema\0user-7', 128, 6), hands[7]);
  t.ok(new Set(hands.map((hand) => hand.toSorted((a, b) => a - b).join())).size > 195);
  t.same(
    handOfQueues('x', 4, 4).toSorted((a, b) => a - b),
    [0, 1, 2, 3],
  );
});

t.test('seats are allocated in proportion within the bounds', async (t) => {
  const claim = (lower: number, upper: number, target: number) => ({ lower, upper, target });
  t.same(allocateConcurrency(10, [claim(0, 10, 1), claim(0, 10, 4)])?.shares.map(Math.round), [2, 8]);
  t.same(allocateConcurrency(10, [claim(3, 10, 3), claim(0, 4, 4)])?.shares.map(Math.round), [6, 4]);
  t.equal(allocateConcurrency(10, [claim(6, 10, 6), claim(6, 10, 6)]), undefined);
  t.equal(allocateConcurrency(10, [claim(0, 4, 1), claim(0, 4, 1)]), undefined);
});

t.test('a client is told to come back later and later while refusals go on', async (t) => {
  const retry = createRetryAfter();
  const answers: number[] = [];
  for (let second = 0; second < 40; second++) {
    for (let i = 0; i < 200; i++) retry.refuse(1000 * (1000 + second));
    answers.push(retry.refuse(1000 * (1000 + second)));
  }
  t.equal(answers[0], 1);
  t.equal(Math.max(...answers), 32);
  let last = 0;
  for (let second = 0; second < 100; second++) last = retry.refuse(1000 * (2000 + 40 * second));
  t.equal(last, 1, 'and sooner again when they cease');
});

t.test('lists are as wide as what they hold at once', async (t) => {
  const list = {
    isWatch: false,
    isOfOneObject: false,
    limit: 0,
    hasSelector: false,
    continueToken: '',
    resourceVersion: '',
    resourceVersionMatch: '',
    sendInitialEvents: false,
  };
  const size = { count: 5000, averageBytes: 1000 };
  t.equal(widthOfList(list, size, 100), 10, 'from memory: a megabyte is in hand');
  t.equal(widthOfList({ ...list, limit: 500 }, size, 100), 5);
  t.equal(widthOfList({ ...list, limit: 500, continueToken: 'x' }, size, 100), 5);
  t.equal(widthOfList({ ...list, resourceVersionMatch: 'Exact', resourceVersion: '5' }, size, 100), 50);
  t.equal(widthOfList({ ...list, resourceVersionMatch: 'Exact', resourceVersion: '5' }, size, 7), 7);
  t.equal(widthOfList({ ...list, isOfOneObject: true }, size, 100), 1);
  t.equal(widthOfList({ ...list, isWatch: true, resourceVersion: '77' }, size, 100), 1, 'a watch that resumes');
  t.equal(widthOfList({ ...list, isWatch: true, resourceVersion: '77', sendInitialEvents: true }, size, 100), 10);
  t.equal(widthOfList(list, undefined, 100), 1);
  t.same([maxSeatsOf(245, 6), maxSeatsOf(10, 6), maxSeatsOf(1, 6)], [37, 1, 1]);
});

t.test('what changes is read again, and a flow schema whose level is missing counts for nothing', async (t) => {
  const mine: FlowSchema = {
    metadata: { name: 'mine', uid: 'u1' },
    spec: {
      priorityLevelConfiguration: { name: 'mine' },
      matchingPrecedence: 5,
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'jane' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['pods'], namespaces: ['a'] }],
        },
      ],
    },
  };
  const { flows, objects } = controller(600, { schemas: [mine] });
  const jane = { username: 'jane', groups: ['system:authenticated'] };
  const digest = (namespace: string): RequestDigest => ({ ...request('', [], 'get', 'pods', namespace), user: jane });
  t.equal(flows.classify(digest('a')).schema, 'global-default');
  objects.levels.push({
    metadata: { name: 'mine', uid: 'u2' },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } },
  });
  t.equal(flows.classify(digest('a')).schema, 'global-default', 'still remembered');
  flows.invalidate();
  t.same(flows.classify(digest('a')).headers, {
    'x-kubernetes-pf-flowschema-uid': 'u1',
    'x-kubernetes-pf-prioritylevel-uid': 'u2',
  });
  t.equal(flows.classify(digest('b')).schema, 'global-default', 'another namespace');
  const seat = flows.enter(flows.classify(digest('a')), { width: 1, waitLimitMs: 1, caller: never }) as Seat;
  objects.levels.pop();
  flows.invalidate();
  t.equal(flows.classify(digest('a')).schema, 'global-default');
  t.equal(flows.levels.all.get('mine')?.isQuiescing, true, 'somebody still sits there');
  seat.leave();
  flows.invalidate();
  flows.classify(digest('a'));
  t.equal(flows.levels.all.has('mine'), false);
});

t.test('a classification costs next to nothing once it is known', async (t) => {
  const { flows } = controller();
  const digest = request('jane', ['system:authenticated'], 'get', 'pods', 'a');
  const rounds = 50_000;
  const start = performance.now();
  for (let i = 0; i < rounds; i++) {
    const seat = flows.enter(flows.classify(digest), { width: 1, waitLimitMs: 1, caller: never }) as Seat;
    seat.leave();
  }
  const micros = ((performance.now() - start) / rounds) * 1000;
  t.comment(`${micros.toFixed(2)} µs`);
  t.ok(micros < 20, 'far below a request (the bound allows for a busy machine)');
});

t.test('plain bounds count who is in', async (t) => {
  const limit = createInFlightLimit(1);
  const leave = limit.enter();
  t.ok(leave);
  t.equal(limit.enter(), undefined);
  leave?.();
  leave?.();
  t.ok(limit.enter());
  t.equal(limit.enter(), undefined);
  t.ok(createInFlightLimit(0).enter(), '0 is no limit');
});

t.test(
  'bootstrap objects follow their defaults unless the annotation or a change of hand says otherwise',
  async (t) => {
    const wanted = schemas.find(({ metadata }) => metadata?.name === 'service-accounts') as FlowSchema;
    const changed = (annotation: string | undefined, generation: number): FlowSchema => {
      const object = structuredClone(wanted);
      object.metadata = {
        name: 'service-accounts',
        generation,
        annotations: annotation === undefined ? {} : { 'apf.kubernetes.io/autoupdate-spec': annotation },
      };
      object.spec = { ...object.spec, matchingPrecedence: 77 };
      return object;
    };
    const specOf = (object: ReturnType<typeof revised>) => (object?.spec as FlowSchema['spec'])?.matchingPrecedence;
    t.equal(specOf(revised(changed('true', 2), wanted, false)), 9000);
    t.equal(revised(changed('false', 2), wanted, false), undefined);
    t.equal(specOf(revised(changed('false', 2), wanted, true)), 9000, 'mandatory ones always');
    const kept = revised(changed(undefined, 2), wanted, false);
    t.equal(specOf(kept), 77);
    t.match(kept?.metadata?.annotations, { 'apf.kubernetes.io/autoupdate-spec': 'false' });
    t.equal(specOf(revised(changed('nonsense', 1), wanted, false)), 9000);
    t.equal(revised({ ...wanted, metadata: { ...wanted.metadata } }, wanted, false), undefined);
  },
);

t.test('the keeper brings back what was deleted and says which flow schemas dangle', async (t) => {
  const clock = createManualClock();
  const written: string[] = [];
  const unused = (): never => {
    throw new Error('unexpected');
  };
  const dangling: FlowSchema = { metadata: { name: 'd' }, spec: { priorityLevelConfiguration: { name: 'gone' } } };
  const present = schemas.filter(({ metadata }) => metadata?.name !== 'catch-all');
  const errors: unknown[] = [];
  using keeper = createFlowKeeper({
    clock,
    flowSchemas: () => [...present, dangling],
    priorityLevels: () => levels,
    onError: (error) => errors.push(error),
    client: {
      get: unused,
      list: unused,
      watch: unused,
      delete: unused,
      update: unused,
      request: unused,
      create: async ({ resource }, _namespace, object) => {
        written.push(`create ${resource} ${object.metadata?.name}`);
        return object;
      },
      patch: async ({ name }, patch) => {
        const { status } = patch as FlowSchema;
        written.push(`status ${name} ${status?.conditions?.[0]?.status}`);
        return {} as never;
      },
    },
  });
  keeper.check();
  keeper.check();
  clock.advance(5000);
  await new Promise(setImmediate);
  t.same(written, ['status d True', 'create flowschemas catch-all']);
  t.same(errors, []);
  t.match(danglingCondition(dangling, new Set()), {
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "gone" but there is no such object',
  });
});

import t from 'tap';
import { fieldErrorMessage } from '../../api/field-error.ts';
import type { AdmissionRequest } from './plugin.ts';
import { requestOf } from './plugin-fixtures.ts';
import { createEventRateLimit, type EventLimit, validateEventRateLimit } from './plugins/event-rate-limit.ts';

function limiter(...limits: EventLimit[]) {
  const time = { now: 1000 };
  const plugin = createEventRateLimit({ limits }, { now: () => time.now });
  const send = (more: Partial<AdmissionRequest> = {}): string => {
    const request = requestOf({ resource: 'events', kind: 'Event', namespace: 'a', ...more });
    if (!plugin.handles(request)) return 'not asked';
    try {
      void plugin.validate?.(request);
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  };
  return { time, send };
}

t.test('events beyond the burst are refused until tokens come back', async (t) => {
  const { time, send } = limiter({ type: 'Server', qps: 2, burst: 3 });
  t.same([send(), send(), send()], ['taken', 'taken', 'taken']);
  t.equal(send(), 'Too many requests: limit reached on type Server for key ');
  time.now += 500;
  t.equal(send(), 'taken', 'one came back');
  t.match(send(), /^Too many/);
  time.now += 60_000;
  t.same([send(), send(), send()], ['taken', 'taken', 'taken']);
  t.match(send(), /^Too many/, 'no more than fit');
});

t.test('namespaces, users and what events are about have buckets of their own', async (t) => {
  const object = { metadata: {}, source: { component: 'c', host: 'h' }, involvedObject: { kind: 'Pod', name: 'p' } };
  const { send } = limiter(
    { type: 'Namespace', qps: 1, burst: 1 },
    { type: 'User', qps: 1, burst: 2, cacheSize: 1 },
    { type: 'SourceAndObject', qps: 1, burst: 1 },
  );
  t.equal(send({ object }), 'taken');
  t.equal(
    send({ object }),
    'Too many requests: [limit reached on type Namespace for key a, limit reached on type SourceAndObject for key chPodp]',
  );
  t.match(send({ object: {}, namespace: 'b' }), /^Too many requests: limit reached on type User for key somebody$/);
  t.equal(
    send({ object: { kind: 'x' }, namespace: 'c', user: { username: 'other', groups: [] } }),
    'Too many requests: limit reached on type SourceAndObject for key ',
  );
});

t.test('dry runs, deletions and the events of events.k8s.io are not counted', async (t) => {
  const { send } = limiter({ type: 'Server', qps: 1, burst: 1 });
  t.equal(send({ dryRun: true }), 'not asked');
  t.equal(send({ operation: 'DELETE' }), 'not asked');
  t.equal(send({ group: 'events.k8s.io' }), 'not asked');
  t.equal(send({ kind: 'Pod' }), 'not asked');
  t.equal(send(), 'taken');
});

t.test('a configuration is checked', async (t) => {
  const messages = (limits?: EventLimit[]) =>
    validateEventRateLimit(limits === undefined ? {} : { limits }).map(fieldErrorMessage);
  t.same(messages([{ type: 'User', qps: 1, burst: 1 }]), []);
  t.match(messages()[0], /^limits: Invalid value: .*: must not be empty$/);
  t.same(messages([{ type: 'Nobody', qps: 0, burst: -1, cacheSize: -1 }]), [
    'limits[0].type: Unsupported value: "Nobody": supported values: "Server", "Namespace", "User", "SourceAndObject"',
    'limits[0].burst: Invalid value: -1: must be positive',
    'limits[0].qps: Invalid value: 0: must be positive',
    'limits[0].cacheSize: Invalid value: -1: must not be negative',
  ]);
});

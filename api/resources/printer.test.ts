import { readFileSync } from 'node:fs';
import t from 'tap';
import type { KubeObject } from '../object.ts';
import { humanDuration } from './human-duration.ts';
import { columnsFor, printerFor } from './printer.ts';

interface Row {
  readonly object: KubeObject;
  readonly cells: readonly unknown[];
  readonly conditions?: readonly unknown[];
}

/** Rows of a real API server's Tables; `now` is when it was asked, in whole seconds. */
const recorded: Readonly<Record<string, { readonly now: number; readonly rows: readonly Row[] }>> = JSON.parse(
  readFileSync(new URL('./printer.cases.json', import.meta.url), 'utf8'),
);

await t.test('rows are those of a real API server', async (t) => {
  for (const [resource, { now, rows }] of Object.entries(recorded)) {
    const printer = printerFor(resource);
    for (const { object, cells, conditions = [] } of rows) {
      // Between asking and answering a second may have begun.
      const ours = [now, now + 1000, now - 1000].map((at) => printer.cells(object, { now: at }));
      const matching = cells.map((cell, i) => ours.map((row) => row[i]).find((value) => value === cell));
      t.strictSame(matching, cells, `${resource} ${object.metadata?.name}`);
      t.equal(ours[0]?.length, cells.length);
      t.strictSame(printer.conditions(object), conditions);
    }
  }
});

await t.test('every column has a cell, and resources without columns of their own have two', async (t) => {
  for (const resource of Object.keys(recorded)) {
    const { columns, cells } = printerFor(resource);
    const row = cells({ metadata: { name: 'x' } }, { now: 0 });
    t.ok(row.length >= columns.length, resource);
    for (const [i, { cell }] of columns.entries()) t.strictSame(cell({ metadata: { name: 'x' } }, { now: 0 }), row[i]);
  }
  const columns = columnsFor('roles.rbac.authorization.k8s.io').map(({ name, type, format, priority }) => {
    return { name, type, format, priority };
  });
  t.strictSame(columns, [
    { name: 'Name', type: 'string', format: 'name', priority: 0 },
    { name: 'Created At', type: 'date', format: '', priority: 0 },
  ]);
});

await t.test('kinds of alpha and beta versions print too', async (t) => {
  const context = { now: Date.parse('2026-01-01T01:00:00Z') };
  const metadata = { name: 'x', creationTimestamp: '2026-01-01T00:00:00Z' };
  const print = (resource: string, rest: object) => printerFor(resource).cells({ metadata, ...rest }, context);
  const policy = 'mutatingadmissionpolicies.admissionregistration.k8s.io';
  t.strictSame(print(policy, { spec: { mutations: [{}], paramKind: { apiVersion: 'v1', kind: 'K' } } }), [
    'x',
    1,
    'v1/K',
    '60m',
  ]);
  const pools = [{ totalDevices: 3, availableDevices: 1, allocatedDevices: 2 }, { validationError: 'no' }];
  const conditions = [{ type: 'Complete', status: 'True', lastTransitionTime: '2026-01-01T00:59:00Z' }];
  t.strictSame(
    print('resourcepoolstatusrequests.resource.k8s.io', {
      spec: { driver: 'd' },
      status: { pools, poolCount: 5, conditions },
    }),
    ['x', 'd', '3', '1', '2', '0', '1', 5, 'Complete (2/5 pools)', '60s'],
  );
  t.strictSame(print('scale', { spec: { replicas: 2 }, status: { replicas: 1 } }), ['x', 2, 1, '60m']);
  t.strictSame(print('podgroups.scheduling.k8s.io', { spec: { schedulingPolicy: { gang: {} } } }), [
    'x',
    'Gang',
    '<none>',
    'Pending',
    '60m',
  ]);
});

await t.test('durations have two parts at most', async (t) => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const year = 365 * day;
  for (const [ms, text] of [
    [-2 * second, '<invalid>'],
    [-1 * second, '0s'],
    [999, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 59 * second, '9m59s'],
    [10 * minute + second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [8 * hour + 59 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day, '2d'],
    [7 * day + 23 * hour, '7d23h'],
    [8 * day + 23 * hour, '8d'],
    [2 * year - day, '729d'],
    [2 * year, '2y'],
    [8 * year - day, '7y364d'],
    [9 * year, '9y'],
  ] as const) {
    t.equal(humanDuration(ms), text);
  }
});

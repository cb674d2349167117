import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { unschedulable } from '../api/fixture.ts';

const headers = { Accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };
const age = /^\d+[smh]/;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly priority: number;
}

function columnsAre(...wanted: readonly (readonly [name: string, priority: number])[]): (all: unknown) => boolean {
  return (all) =>
    Array.isArray(all) &&
    all.length === wanted.length &&
    wanted.every(([name, priority], i) => {
      const column = all[i] as Column;
      const format = name === 'Name' ? 'name' : '';
      return (
        column.name === name && column.priority === priority && column.type === 'string' && column.format === format
      );
    });
}

async function pods(c: CaseContext): Promise<void> {
  const path = `/api/v1/namespaces/${await c.namespace()}/pods`;
  const spec = { nodeSelector: unschedulable, containers: [{ name: 'c', image: 'registry.example.com/none:1' }] };
  await c.post(
    path,
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec },
    { has: { 'metadata.name': 'p' } },
  );
  const none = '<none>';
  await c.get(path, {
    headers,
    unstable: true,
    has: {
      kind: 'Table',
      columnDefinitions: columnsAre(
        ['Name', 0],
        ['Ready', 0],
        ['Status', 0],
        ['Restarts', 0],
        ['Age', 0],
        ['IP', 1],
        ['Node', 1],
        ['Nominated Node', 1],
        ['Readiness Gates', 1],
      ),
      'rows.length': 1,
      'rows[0].cells[4]': age,
      'rows[0].cells': (cells: unknown) =>
        Array.isArray(cells) &&
        cells.toSpliced(4, 1).join() === ['p', '0/1', 'Pending', '0', none, none, none, none].join(),
      'rows[0].object.kind': 'PartialObjectMetadata',
      'rows[0].object.metadata.name': 'p',
      'rows[0].object.spec': undefined,
    },
  });
}

async function rowObjects(c: CaseContext): Promise<void> {
  const path = `/api/v1/namespaces/${await c.namespace()}/configmaps`;
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', labels: { on: 'yes' } },
    data: { x: 'y' },
  };
  await c.post(path, object, { has: { 'data.x': 'y' } });
  const query = `${path}?labelSelector=on&includeObject=`;
  const cells = { 'rows.length': 1, 'rows[0].cells[0]': 'a', 'rows[0].cells[1]': 1, 'rows[0].cells[2]': age };
  const columnDefinitions = columnsAre(['Name', 0], ['Data', 0], ['Age', 0]);
  await c.get(`${query}None`, {
    headers,
    unstable: true,
    has: { columnDefinitions, ...cells, 'rows[0].object': null },
  });
  const metadata = {
    'rows[0].object.kind': 'PartialObjectMetadata',
    'rows[0].object.metadata.name': 'a',
    'rows[0].object.data': undefined,
  };
  await c.get(query, { headers, unstable: true, has: { columnDefinitions, ...cells, ...metadata } });
  await c.get(`${query}Metadata`, { headers, unstable: true, has: { ...cells, ...metadata } });
  const whole = { 'rows[0].object.kind': 'ConfigMap', 'rows[0].object.data.x': 'y' };
  await c.get(`${query}Object`, { headers, unstable: true, has: { ...cells, ...whole } });
  const message =
    "Unable to convert to Table as requested: includeObject: Invalid value: \"Wrong\": must be 'Metadata', 'Object', 'None', or empty";
  await c.get(`${query}Wrong`, { headers, status: 400, has: { reason: 'BadRequest', message } });
}

const proves = 'Kubernetes API concepts: receiving resources as Tables';

export const tableCases: readonly Case[] = [
  { id: 'tables/pods/columns and cells are those of kubectl get', proves, run: pods },
  { id: 'tables/configmaps/rows hold the object that was asked for', proves, run: rowObjects },
];

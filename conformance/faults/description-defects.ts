import { type Defect, type JsonObject, listAt, lose, objectAt, type Part, wrongAnswer } from './defect.ts';

const verbs = { case: 'discovery/resources/each has its kind and verbs' };
const names = { case: 'discovery/resources/each has its names, categories and subresources' };
const groups = { case: 'discovery/groups/none is missing' };
const hashes = { case: 'discovery/openapi/hashes name the documents' };
const podTable = { case: 'tables/pods/columns and cells are those of kubectl get' };
const rows = { case: 'tables/configmaps/rows hold the object that was asked for' };

function inResource(name: string, part: Part, resource: string, change: (described: JsonObject) => boolean): Defect {
  return wrongAnswer(name, part, (document) => {
    const described = listAt(document, 'resources').find((one) => one['name'] === resource);
    return described !== undefined && change(described);
  });
}

function without(name: string, part: Part, list: string, wanted: string): Defect {
  return wrongAnswer(name, part, (document) => {
    const all = listAt(document, list);
    const at = all.findIndex((one) => one['name'] === wanted);
    return at >= 0 && all.splice(at, 1).length > 0;
  });
}

function inTable(name: string, part: Part, change: (columns: JsonObject[], row: JsonObject) => boolean): Defect {
  return wrongAnswer(name, part, (document) => {
    const [row] = listAt(document, 'rows');
    return document['kind'] === 'Table' && row !== undefined && change(listAt(document, 'columnDefinitions'), row);
  });
}

/** Discovery, OpenAPI documents and tables that say another thing than the server does. */
export const descriptionDefects: readonly Defect[] = [
  without('a resource is missing in discovery', verbs, 'resources', 'configmaps'),
  without('a subresource is missing in discovery', names, 'resources', 'deployments/scale'),
  without('a group is missing in discovery', groups, 'groups', 'batch'),
  inResource('a verb is missing in discovery', verbs, 'deployments', (described) => {
    const list = described['verbs'];
    return Array.isArray(list) && list.splice(list.indexOf('patch'), 1).length > 0;
  }),
  inResource('kind of a resource is wrong in discovery', verbs, 'secrets', (described) => {
    described['kind'] = 'ConfigMap';
    return true;
  }),
  inResource('short names are missing in discovery', names, 'deployments', (described) =>
    lose(described, 'shortNames'),
  ),
  inResource('categories are missing in discovery', names, 'pods', (described) => lose(described, 'categories')),
  inResource('a namespaced resource is said not to be', names, 'leases', (described) => {
    described['namespaced'] = false;
    return true;
  }),
  wrongAnswer('another version of a group is preferred', groups, (document) => {
    const group = listAt(document, 'groups').find((one) => one['name'] === 'autoscaling');
    if (group !== undefined) group['preferredVersion'] = { groupVersion: 'autoscaling/v1', version: 'v1' };
    return group !== undefined;
  }),
  wrongAnswer('hash of an OpenAPI document is wrong', hashes, (document) => {
    const paths = objectAt(document, 'paths', 'apis/apps/v1');
    if (paths !== undefined) paths['serverRelativeURL'] = '/openapi/v3/apis/apps/v1?hash=0123';
    return paths !== undefined;
  }),
  {
    name: 'an OpenAPI document has the ETag of another',
    part: hashes,
    inject: () => ({
      answer: (answer, { path }) =>
        path === '/openapi/v3/apis/apps' ? { ...answer, headers: { ...answer.headers, etag: '"0123"' } } : undefined,
    }),
  },
  wrongAnswer('a schema is missing in OpenAPI', { case: 'discovery/openapi/documents are published' }, (document) =>
    lose(objectAt(document, 'components', 'schemas'), 'io.k8s.api.apps.v1.Deployment'),
  ),
  wrongAnswer(
    'version of the server is another',
    { case: 'discovery/version/it says which release it is' },
    (document) => {
      document['gitVersion'] = 'unknown';
      return true;
    },
  ),
  inTable('a column of a table has another name', podTable, (columns) => {
    const [, ready] = columns;
    if (ready !== undefined) ready['name'] = 'Running';
    return ready !== undefined;
  }),
  inTable('a column of a table is missing', podTable, (columns) => columns.splice(3, 1).length > 0),
  inTable('a column of a table has another priority', podTable, (columns) => {
    const ip = columns[5];
    if (ip !== undefined) ip['priority'] = 0;
    return ip !== undefined;
  }),
  inTable('a cell of a table is wrong', podTable, (_, row) => {
    const cells = row['cells'];
    if (Array.isArray(cells)) cells[1] = '1/1';
    return Array.isArray(cells);
  }),
  inTable('row object is missing', podTable, (_, row) => lose(row, 'object')),
  inTable('row object is the whole object', rows, (_, row) => {
    const object = objectAt(row, 'object');
    if (object?.['kind'] !== 'PartialObjectMetadata') return false;
    object['kind'] = 'ConfigMap';
    return true;
  }),
  inTable('age is a time in place of a duration', rows, (_, row) => {
    const cells = row['cells'];
    if (Array.isArray(cells)) cells[2] = '2026-01-01T00:00:00Z';
    return Array.isArray(cells);
  }),
];

import { type Defect, type JsonObject, listAt, lose, objectAt, wrongAnswer } from './defect.ts';

const services = { table: 'core/services', until: 'create minimal' };
const deployments = { table: 'apps/deployments', until: 'create minimal' };
const configMap = { case: 'api/configmaps/is created, read, listed, replaced and deleted' };

const isPut = ({ method, path }: { method: string; path: string }, kind: string): boolean =>
  method === 'PUT' && path.includes(`/${kind}/`);
const podSpec = (document: JsonObject): JsonObject | undefined => objectAt(document, 'spec', 'template', 'spec');

/** Objects that come back otherwise than a server should have made them. */
export const objectDefects: readonly Defect[] = [
  wrongAnswer('default of imagePullPolicy is missing', deployments, (document) =>
    lose(listAt(podSpec(document), 'containers')[0], 'imagePullPolicy'),
  ),
  wrongAnswer('default of terminationGracePeriodSeconds is missing', deployments, (document) =>
    lose(podSpec(document), 'terminationGracePeriodSeconds'),
  ),
  wrongAnswer('default of maxSurge is another', deployments, (document) => {
    const rollingUpdate = objectAt(document, 'spec', 'strategy', 'rollingUpdate');
    if (rollingUpdate !== undefined) rollingUpdate['maxSurge'] = 1;
    return rollingUpdate !== undefined;
  }),
  wrongAnswer('default of sessionAffinity is missing', services, (document) =>
    lose(objectAt(document, 'spec'), 'sessionAffinity'),
  ),
  wrongAnswer("default of a port's protocol is missing", services, (document) =>
    lose(listAt(document, 'spec', 'ports')[0], 'protocol'),
  ),
  wrongAnswer('null stands for an absent field', services, (document) => {
    const spec = objectAt(document, 'spec');
    if (spec !== undefined) spec['selector'] = null;
    return spec !== undefined;
  }),
  wrongAnswer('finalizers are lost', { table: 'core/configmaps', until: 'create full' }, (document) =>
    lose(objectAt(document, 'metadata'), 'finalizers'),
  ),
  wrongAnswer('creationTimestamp is missing', { table: 'core/configmaps', until: 'create minimal' }, (document) =>
    lose(objectAt(document, 'metadata'), 'creationTimestamp'),
  ),
  wrongAnswer('annotations are lost', { table: 'core/configmaps', until: 'create full' }, (document) =>
    lose(objectAt(document, 'metadata'), 'annotations'),
  ),
  wrongAnswer('deletionTimestamp is missing', { table: 'core/pods-updates', until: 'graceful delete' }, (document) =>
    lose(objectAt(document, 'metadata'), 'deletionTimestamp'),
  ),
  wrongAnswer(
    'phase of a namespace is not Terminating',
    { table: 'core/namespaces', until: 'delete is held' },
    (document) => {
      const status = objectAt(document, 'status');
      if (status?.['phase'] !== 'Terminating') return false;
      status['phase'] = 'Active';
      return true;
    },
  ),
  wrongAnswer('generation is not raised', { table: 'apps/deployments', until: 'update replicas' }, (document) => {
    const metadata = objectAt(document, 'metadata');
    if (Number(metadata?.['generation'] ?? 0) < 2 || metadata === undefined) return false;
    metadata['generation'] = 1;
    return true;
  }),
  wrongAnswer(
    'generation is raised by a label',
    { table: 'apps/deployments', until: 'update a label' },
    (document, { method, path }) => {
      const metadata = objectAt(document, 'metadata');
      if (method !== 'PATCH' || !path.includes('/deployments/') || metadata === undefined) return false;
      metadata['generation'] = Number(metadata['generation']) + 1;
      return true;
    },
  ),
  wrongAnswer(
    'the main resource takes a status',
    { table: 'apps/deployments', until: 'update replicas' },
    (document, request) => {
      if (!isPut(request, 'deployments')) return false;
      document['status'] = (JSON.parse(request.body) as JsonObject)['status'];
      return true;
    },
  ),
  wrongAnswer(
    'the status subresource takes a spec',
    { table: 'apps/deployments', until: 'status update leaves the rest' },
    (document, request) => {
      const sent = request.path.endsWith('/status') ? (JSON.parse(request.body) as JsonObject)['spec'] : undefined;
      if (sent === undefined) return false;
      document['spec'] = sent;
      return true;
    },
  ),
  wrongAnswer(
    'the status subresource takes labels',
    { table: 'apps/deployments', until: 'status update leaves the rest' },
    (document, { path, body }) => {
      const metadata = objectAt(document, 'metadata');
      if (!path.endsWith('/status') || metadata === undefined) return false;
      metadata['labels'] = objectAt(JSON.parse(body), 'metadata', 'labels');
      return true;
    },
  ),
  wrongAnswer('resourceVersion decreases', configMap, (document, request) => {
    const metadata = objectAt(document, 'metadata');
    if (!isPut(request, 'configmaps') || metadata?.['resourceVersion'] === undefined) return false;
    metadata['resourceVersion'] = '1';
    return true;
  }),
  wrongAnswer('resourceVersion is missing', { table: 'core/configmaps', until: 'create minimal' }, (document) =>
    lose(objectAt(document, 'metadata'), 'resourceVersion'),
  ),
  wrongAnswer('uid changes', configMap, (document, { method }) => {
    const metadata = objectAt(document, 'metadata');
    if (method !== 'GET' || typeof metadata?.['uid'] !== 'string') return false;
    metadata['uid'] = '00000000-0000-4000-8000-000000000000';
    return true;
  }),
  wrongAnswer(
    'the last finalizer does not let go',
    { case: 'deletion/configmaps/finalizers hold' },
    (document) => document['reason'] === 'NotFound' && lose(document, 'reason'),
  ),
  wrongAnswer('a scale write is lost', { case: 'api/deployments.apps/is scaled' }, (document, { method, path }) => {
    const spec = path.endsWith('/scale') && method === 'PUT' ? objectAt(document, 'spec') : undefined;
    return lose(spec, 'replicas');
  }),
];

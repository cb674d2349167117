import type { Api } from '../../../api/object.ts';
import { forbiddenError, notFoundError, StatusError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing is created in a namespace that is missing or going away, and three namespaces never go. */
export function createNamespaceLifecycle(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ operation }) => operation !== 'CONNECT',
    mutate(request) {
      if (request.kind === 'Namespace' && request.group === '') protectImmortal(request);
      else if (request.namespace !== '' && request.operation !== 'DELETE' && !isAccessReview(request)) {
        requireNamespace(request, reader.get<Namespace>('namespaces', '', request.namespace));
      }
    },
  };
}

function protectImmortal({ operation, name, group, resource }: AdmissionRequest): void {
  if (operation !== 'DELETE' || !immortal.has(name)) return;
  throw forbiddenError({ group, resource }, name, 'this namespace may not be deleted');
}

/** Reviews answer questions about namespaces that need not exist. */
function isAccessReview({ group, resource }: AdmissionRequest): boolean {
  return group === 'authorization.k8s.io' && resource === 'localsubjectaccessreviews';
}

function requireNamespace(request: AdmissionRequest, namespace: Readonly<Namespace> | undefined): void {
  const { namespace: name, operation } = request;
  if (namespace === undefined) throw notFoundError({ group: '', resource: 'namespaces' }, name);
  if (operation !== 'CREATE' || namespace.status?.phase !== 'Terminating') return;
  const error = forbiddenByAdmission(
    request,
    `unable to create new content in namespace ${name} because it is being terminated`,
  );
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${name} is being terminated`,
    field: 'metadata.namespace',
  };
  throw new StatusError('Forbidden', error.message, { details: { ...error.details, causes: [cause] } });
}

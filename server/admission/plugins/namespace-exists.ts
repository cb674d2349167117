import type { Api } from '../../../api/object.ts';
import { notFoundError, StatusError } from '../../../api/status.ts';
import type { ClusterReader, ClusterWriter } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;

function isInNamespace({ namespace, kind, group }: AdmissionRequest): boolean {
  return namespace !== '' && !(kind === 'Namespace' && group === '');
}

export function createNamespaceExists(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'NamespaceExists',
    handles: (request) => request.operation !== 'CONNECT' && isInNamespace(request),
    validate({ namespace }) {
      if (reader.get<Namespace>('namespaces', '', namespace) !== undefined) return;
      throw notFoundError({ group: '', resource: 'namespaces' }, namespace);
    },
  };
}

/** Whatever is created brings its namespace with it. */
export function createNamespaceAutoProvision(reader: ClusterReader, writer: ClusterWriter): AdmissionPlugin {
  return {
    name: 'NamespaceAutoProvision',
    handles: (request) => request.operation === 'CREATE' && !request.dryRun && isInNamespace(request),
    mutate(request) {
      const { namespace } = request;
      if (reader.get<Namespace>('namespaces', '', namespace) !== undefined) return;
      return writer.create<Namespace>('namespaces', '', { metadata: { name: namespace } }).then(
        () => undefined,
        (error: unknown) => {
          if (!(error instanceof StatusError)) throw error;
          if (error.reason !== 'AlreadyExists') throw forbiddenByAdmission(request, error.message);
        },
      );
    },
  };
}

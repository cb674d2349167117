import type { Api, KubeObject } from '../../api/object.ts';
import type { WriteOperation } from '../registry/context.ts';
import type { Query } from './query.ts';

type WireOptions = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'>;

/** What admission sees of a request's own options; made when somebody looks. */
export type OperationOptions = (operation: WriteOperation) => KubeObject | undefined;

const kinds: Readonly<Record<WriteOperation, string | undefined>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
  CONNECT: undefined,
};

/** Options of a request that named none. */
export function plainOptions(operation: WriteOperation): KubeObject | undefined {
  const kind = kinds[operation];
  return kind === undefined ? undefined : { kind, apiVersion: 'meta.k8s.io/v1' };
}

/** Of creates, updates and patches: a patch is one of the two. */
export function queryOptions(query: Query): OperationOptions {
  return (operation) => {
    const options = plainOptions(operation);
    if (options === undefined) return undefined;
    const dryRun = query.all('dryRun');
    const text = (name: string): Record<string, string> => (query.get(name) === '' ? {} : { [name]: query.get(name) });
    return {
      ...options,
      ...(dryRun.length === 0 ? {} : { dryRun: [...dryRun] }),
      ...text('fieldManager'),
      ...text('fieldValidation'),
    } as KubeObject;
  };
}

export function deleteOptions(wire: WireOptions): OperationOptions {
  const { gracePeriodSeconds, preconditions, orphanDependents, propagationPolicy, dryRun = [] } = wire;
  return () =>
    ({
      ...plainOptions('DELETE'),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(preconditions === undefined ? {} : { preconditions }),
      ...(orphanDependents === undefined ? {} : { orphanDependents }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      ...(dryRun.length === 0 ? {} : { dryRun }),
    }) as KubeObject;
}

import type { Connection } from '../tables-runner/connection.ts';
import { deployments, jobs, namespace, send } from './churn.ts';

interface Workload {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec: { readonly replicas?: number; readonly completions?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly succeeded?: number;
  };
}

async function itemsOf<T>(connection: Connection, path: string): Promise<readonly T[]> {
  return (JSON.parse((await send(connection, 'GET', path)).text) as { items: T[] }).items;
}

/** What is not yet as its spec asks, in words. */
export async function unsettled(connection: Connection): Promise<readonly string[]> {
  const found: string[] = [];
  let wanted = 0;
  for (const { metadata, spec, status = {} } of await itemsOf<Workload>(connection, deployments)) {
    const { replicas = 1 } = spec;
    wanted += replicas;
    const { observedGeneration, updatedReplicas = 0, availableReplicas = 0, replicas: present = 0 } = status;
    const isSettled = [present, updatedReplicas, availableReplicas].every((count) => count === replicas);
    if (!isSettled || observedGeneration !== metadata.generation)
      found.push(`deployment ${metadata.name}: ${present}/${updatedReplicas}/${availableReplicas} of ${replicas}`);
  }
  for (const { metadata, spec, status } of await itemsOf<Workload>(connection, jobs)) {
    if (status?.succeeded !== spec.completions)
      found.push(`job ${metadata.name}: ${status?.succeeded ?? 0} of ${spec.completions}`);
  }
  interface Pod {
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  }
  const pods = await itemsOf<Pod>(connection, `/api/v1/namespaces/${namespace}/pods`);
  const serving = pods.filter(({ metadata }) => metadata.labels?.['app'] !== undefined);
  if (serving.length !== wanted) found.push(`${serving.length} pods of Deployments instead of ${wanted}`);
  return found;
}

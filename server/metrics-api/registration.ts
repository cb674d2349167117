import { type Clock, toTime } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { type APIService, nameOf, resourceName } from '../aggregation/api-service.ts';
import type { ResourceTable } from '../registry/resources.ts';
import type { ClusterReader, ClusterWriter } from '../registry/strategy.ts';
import { metricsGroup, metricsVersion } from './group-version.ts';

export interface MetricsRegistrationDeps {
  readonly resources: ResourceTable;
  readonly reader: ClusterReader;
  readonly writer: ClusterWriter;
  readonly clock: Clock;
  /** Whether nodes of this process are measured. */
  readonly isServed: boolean;
  onError(error: unknown): void;
}

const name = nameOf({ group: metricsGroup, version: metricsVersion });
/** Who takes a metrics server away has a moment to put another in its place. */
const vacancyMs = 5000;

type ClusterRole = Api<'io.k8s.api.rbac.v1.ClusterRole'>;

const roles = 'clusterroles.rbac.authorization.k8s.io';
const roleName = 'system:aggregated-metrics-reader';

/** As metrics-server brings it: who may see pods may see what they use. */
function readerRole(): ClusterRole {
  const aggregated = ['admin', 'edit', 'view'].map((role) => [
    `rbac.authorization.k8s.io/aggregate-to-${role}`,
    'true',
  ]);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: roleName, labels: Object.fromEntries(aggregated) },
    rules: [{ apiGroups: [metricsGroup], resources: ['nodes', 'pods'], verbs: ['get', 'list', 'watch'] }],
  };
}

function ownService(now: number): APIService {
  const condition = {
    type: 'Available',
    status: 'True',
    lastTransitionTime: toTime(now),
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name },
    spec: { group: metricsGroup, version: metricsVersion, groupPriorityMinimum: 100, versionPriority: 100 },
    status: { conditions: [condition] },
  };
}

/**
 * Keeps the APIService of our own metrics where there is none: one that a user has made, for a metrics server in the cluster, is
 * never touched. Without nodes of ours it goes. Returns how to stop.
 */
export function keepMetricsAPIService(deps: MetricsRegistrationDeps): () => void {
  const { resources, reader, writer, clock, isServed, onError } = deps;
  let timer: { cancel(): void } | undefined;
  const attempt = async (): Promise<void> => {
    const current = reader.get<APIService>(resourceName, '', name);
    try {
      if (isServed && current === undefined) await writer.create(resourceName, '', ownService(clock.now()));
      if (isServed && reader.get<ClusterRole>(roles, '', roleName) === undefined)
        await writer.create(roles, '', readerRole());
      if (!isServed && current !== undefined && current.spec?.service === undefined)
        await writer.delete(resourceName, '', name);
    } catch (error) {
      if (!(error instanceof StatusError)) onError(error);
    }
  };
  void attempt();
  const stop = isServed
    ? resources.stored(resourceName)?.cache.listen({}, ({ type, entry }) => {
        if (entry.name !== name) return;
        timer?.cancel();
        if (type !== 'put') timer = clock.after(vacancyMs, () => void attempt());
      })
    : undefined;
  return () => {
    timer?.cancel();
    stop?.();
  };
}

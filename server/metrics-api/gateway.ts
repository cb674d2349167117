import type { ServedGroupVersion } from '../../api/served.ts';
import type { ApiRequest, ApiResponse } from '../http/message.ts';
import type { ExtraDocument } from '../http/openapi.ts';
import { metricsGroup, metricsVersion } from './group-version.ts';
import type { MetricsApiOptions } from './metrics-api.ts';

/** `metrics.k8s.io` of the nodes of this process, as metrics-server would serve it. What answers is loaded for the first who asks. */
export interface MetricsApi {
  readonly served: ServedGroupVersion;
  readonly document: ExtraDocument;
  /** Undefined: another path. */
  route(request: ApiRequest): Promise<ApiResponse> | undefined;
}

const kinds = [
  { resource: 'nodes', kind: 'NodeMetrics', namespaced: false },
  { resource: 'pods', kind: 'PodMetrics', namespaced: true },
] as const;

export function createMetricsApi(options: MetricsApiOptions): MetricsApi {
  const path = `apis/${metricsGroup}/${metricsVersion}`;
  let loading: Promise<(request: ApiRequest) => ApiResponse> | undefined;
  const load = async (): Promise<(request: ApiRequest) => ApiResponse> => {
    const { answerMetrics } = await import('./metrics-api.ts');
    return answerMetrics(options);
  };
  return {
    served: {
      group: metricsGroup,
      version: metricsVersion,
      resources: kinds.map((kind) => {
        return { ...kind, group: metricsGroup, version: metricsVersion, singular: '', verbs: ['get', 'list'] };
      }),
      // As metrics-server's APIService has them.
      groupPriority: 100,
      versionPriority: 100,
      builtIn: true,
    },
    document: { path, read: async () => (await import('./document.ts')).metricsDocument(kinds) },
    route: (request) => {
      if (!request.path.startsWith(`/${path}/`) || request.path.length === path.length + 2) return undefined;
      loading ??= load();
      return loading.then((answer) => answer(request));
    },
  };
}

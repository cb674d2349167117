import type { Logger } from 'pino';
import type { ServedGroupVersion } from '../api/served.ts';
import type { UsageReader } from '../api/streams/usage.ts';
import type { ApiRequest, ApiResponse } from '../server/http/message.ts';
import type { ExtraDocument } from '../server/http/openapi.ts';
import { createMetricsApi } from '../server/metrics-api/gateway.ts';
import { keepMetricsAPIService } from '../server/metrics-api/registration.ts';
import type { ServerParts } from '../server/server.ts';
import { systemClock } from './system.ts';

export interface UsageMetricsParts {
  readonly parts: ServerParts;
  /** Whether nodes run in this process. */
  readonly isServed: boolean;
  usage(): UsageReader | undefined;
  readonly log: Logger;
}

/** The metrics API, where nodes run in this process. */
export interface UsageMetrics {
  readonly served: readonly ServedGroupVersion[];
  /** With its own document: the same array as long as the given one is. */
  openApi(others: readonly ExtraDocument[]): readonly ExtraDocument[];
  route(request: ApiRequest): Promise<ApiResponse> | undefined;
  close(): void;
}

export function openUsageMetrics({ parts, isServed, usage, log }: UsageMetricsParts): UsageMetrics {
  const { resources, reader, writer, api } = parts;
  const onError = (err: unknown): void => log.warn({ err }, 'registration of metrics failed');
  const close = keepMetricsAPIService({ resources, reader, writer, clock: systemClock, isServed, onError });
  if (!isServed) return { served: [], openApi: (others) => others, route: () => undefined, close };
  const metrics = createMetricsApi({ reader, usage, negotiate: api.negotiate, now: () => systemClock.now() });
  let known: { readonly others: readonly ExtraDocument[]; readonly all: readonly ExtraDocument[] } | undefined;
  return {
    served: [metrics.served],
    openApi: (others) => {
      if (known?.others !== others) known = { others, all: [...others, metrics.document] };
      return known.all;
    },
    route: (request) => metrics.route(request),
    close,
  };
}

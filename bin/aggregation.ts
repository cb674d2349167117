import type { Logger } from 'pino';
import type { ServedGroupVersion } from '../api/served.ts';
import { type Aggregation, createAggregation } from '../server/aggregation/aggregation.ts';
import { keepAuthenticationConfig } from '../server/aggregation/authentication-config.ts';
import { keepLocalAPIServices } from '../server/aggregation/registration.ts';
import type { ClientCredential } from '../server/aggregation/remote/backend.ts';
import type { Dial } from '../server/dial.ts';
import type { ClusterRewriter } from '../server/registry/strategy.ts';
import type { ServerParts } from '../server/server.ts';
import type { Endpoint } from '../server/service-resolver.ts';
import { systemClock, systemRandom } from './system.ts';

export interface AggregationParts {
  readonly parts: ServerParts;
  readonly rewriter: ClusterRewriter;
  /** What this server answers itself: the same array as long as nothing changes. */
  local(): readonly ServedGroupVersion[];
  /** What is built in, the aggregator's own group left out. */
  readonly builtIn: readonly { readonly group: string; readonly version: string }[];
  /** Of the ConfigMap that tells aggregated servers whom to trust. */
  readonly authentication: Readonly<Record<string, string>>;
  readonly credential: ClientCredential;
  readonly own: Endpoint;
  /** To servers in pods of this process. */
  readonly dial: Dial;
  readonly log: Logger;
}

/** API aggregation: who answers what, and the objects that say so. */
export function openAggregation({
  parts,
  log,
  rewriter,
  builtIn,
  authentication,
  own,
  ...rest
}: AggregationParts): Aggregation {
  const { resources, reader, writer } = parts;
  const onError = (err: unknown, name: string): void => log.warn({ err, name }, 'aggregation failed');
  const deps = { resources, reader, writer, rewriter, clock: systemClock, onError };
  const aggregation = createAggregation({ ...deps, ...rest, random: systemRandom, own: () => own });
  const stops = [keepLocalAPIServices({ ...deps, builtIn }), keepAuthenticationConfig(deps, authentication)];
  return {
    ...aggregation,
    close() {
      for (const stop of stops) stop();
      aggregation.close();
    },
  };
}

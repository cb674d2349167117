import { type Clock, toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import { authorityOf } from '../../network-error.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { endpointSlicesOf, type ServiceResolver } from '../../service-resolver.ts';
import type { APIService, Condition } from '../api-service.ts';
import type { Backend } from './backend.ts';
import { frontProxyHeaders } from './front-proxy.ts';

type Service = Api<'io.k8s.api.core.v1.Service'>;

export interface AvailabilityDeps {
  readonly reader: ClusterReader;
  readonly resolver: ServiceResolver;
  readonly clock: Clock;
}

const discoveryTimeoutMs = 5000;
/** Several tries at once: one endpoint that answers is enough. */
const attempts = 5;
const aggregator = { username: 'system:kube-aggregator', groups: ['system:masters'] };

export interface Verdict {
  readonly condition: Condition;
  /** Ask again soon: what failed may not be told by any event. */
  readonly retry: boolean;
}

/** Whether the server behind an APIService is there. Upstream: the remote AvailableConditionController. */
export async function checkAvailability(
  deps: AvailabilityDeps,
  service: Readonly<APIService>,
  backend: Backend,
): Promise<Verdict> {
  const time = toTime(deps.clock.now());
  const verdict = (status: 'True' | 'False', reason: string, message: string): Condition => ({
    type: 'Available',
    status,
    lastTransitionTime: time,
    reason,
    message,
  });
  const missing = missingPart(deps.reader, service);
  if (missing !== undefined) return { condition: verdict('False', ...missing), retry: false };
  const failure = await failedDiscovery(deps, service, backend);
  return failure === undefined
    ? { condition: verdict('True', 'Passed', 'all checks passed'), retry: false }
    : { condition: verdict('False', 'FailedDiscoveryCheck', failure), retry: true };
}

/** Reason and message of what the objects alone show to be missing. */
function missingPart(reader: ClusterReader, { spec }: Readonly<APIService>): readonly [string, string] | undefined {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
  const label = `service/${name} in ${JSON.stringify(namespace)}`;
  const service = reader.get<Service>('services', namespace, name);
  if (service === undefined) return ['ServiceNotFound', `${label} is not present`];
  if (service.spec?.type !== 'ClusterIP') return undefined;
  const servicePort = service.spec.ports?.find((candidate) => candidate.port === port);
  if (servicePort === undefined) return ['ServicePortError', `${label} is not listening on port ${port}`];
  const slices = endpointSlicesOf(reader, namespace, name);
  if (slices.length === 0) return ['EndpointsNotFound', `cannot find endpointslices for ${label}`];
  const portName = servicePort.name ?? '';
  const isReachable = slices.some(
    ({ endpoints = [], ports = [] }) =>
      endpoints.some(({ conditions }) => conditions?.ready !== false) &&
      ports.some((candidate) => (candidate.name ?? '') === portName && candidate.port !== undefined),
  );
  if (isReachable) return undefined;
  return [
    'MissingEndpoints',
    `endpointslices for ${label} have no addresses with port name ${JSON.stringify(portName)}`,
  ];
}

async function failedDiscovery(
  deps: AvailabilityDeps,
  service: Readonly<APIService>,
  backend: Backend,
): Promise<string | undefined> {
  const failures = Array.from({ length: attempts }, () => tryDiscovery(deps, service, backend));
  try {
    await Promise.any(failures);
    return undefined;
  } catch (error) {
    const { errors } = error as AggregateError;
    return (errors.at(-1) as Error).message;
  }
}

async function tryDiscovery(
  { resolver, clock: _ }: AvailabilityDeps,
  { metadata, spec }: Readonly<APIService>,
  backend: Backend,
): Promise<void> {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
  const endpoint = resolver.resolve(namespace, name, port);
  const { group = '', version = '' } = spec ?? {};
  const path = metadata?.name === 'v1.' ? `/api/${version}` : `/apis/${group}/${version}`;
  const url = `https://${authorityOf(endpoint)}${path}`;
  const failing = `failing or missing response from ${url}`;
  let status: number;
  try {
    const headers = frontProxyHeaders(aggregator);
    ({ status } = await backend.fetch(endpoint, { path, headers, timeoutMs: discoveryTimeoutMs }));
  } catch (error) {
    throw new Error(`${failing}: Get ${JSON.stringify(url)}: ${(error as Error).message}`, { cause: error });
  }
  if (status < 200 || status >= 300) throw new Error(`${failing}: bad status from ${url}: ${status}`);
}

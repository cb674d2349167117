import { parseIP } from '../../../api/ip.ts';
import type { Api } from '../../../api/object.ts';
import { badRequest, notFoundError, StatusError } from '../../../api/status.ts';
import type { ApiDeps, ResourceCall } from '../../http/handlers/handler.ts';
import type { Pod } from '../pod-target.ts';
import type { Backend } from './exchange.ts';
import { splitSchemeNamePort } from './scheme-name-port.ts';

type Service = Api<'io.k8s.api.core.v1.Service'>;
type Endpoints = Api<'io.k8s.api.core.v1.Endpoints'>;
type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];

const defaultPorts = { '': 80, http: 80, https: 443 } as const;

/** Upstream: registry/core/pod ResourceLocation. */
export function podBackend({ registry }: ApiDeps, { info }: ResourceCall): Backend {
  const asked = splitSchemeNamePort(info.name);
  if (asked === undefined) throw badRequest(`invalid pod request ${JSON.stringify(info.name)}`);
  const { scheme, name, port } = asked;
  const pod = registry.strategyDeps.reader.get<Pod>('pods', info.namespace, name);
  if (pod === undefined) throw notFoundError({ group: '', resource: 'pods' }, name);
  const declared = pod.spec?.containers?.find(({ ports = [] }) => ports.length > 0)?.ports?.[0]?.containerPort;
  const host = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  if (!isGlobalUnicast(host)) throw badRequest('address not allowed');
  const chosen = port === '' ? (declared ?? defaultPorts[scheme]) : Number(port);
  if (!Number.isInteger(chosen)) throw serviceError(`dial tcp: lookup tcp/${port}: unknown port`);
  return { host, port: chosen, isTls: scheme === 'https' };
}

export function serviceError(text: string): StatusError {
  return new StatusError('ServiceUnavailable', `error trying to reach service: ${text}`);
}

/** Neither a machine's own nor a group's address. */
export function isGlobalUnicast(ip: string): boolean {
  const parsed = parseIP(ip);
  if (parsed === undefined) return false;
  const { family, bits } = parsed;
  if (family === 4) {
    const first = Number(bits >> 24n);
    return bits !== 0n && first !== 127 && first < 224 && Number(bits >> 16n) !== 0xa9fe;
  }
  return bits > 1n && bits >> 120n !== 0xffn && bits >> 118n !== 0x3fan;
}

/** Upstream: registry/core/service/storage ResourceLocation. */
export function serviceBackend({ registry }: ApiDeps, { info }: ResourceCall): Backend {
  const { reader } = registry.strategyDeps;
  const asked = splitSchemeNamePort(info.name);
  if (asked === undefined) throw badRequest(`invalid service request ${JSON.stringify(info.name)}`);
  const { scheme, name, port } = asked;
  let portName = port;
  if (/^[+-]?\d+$/.test(port)) {
    const service = reader.get<Service>('services', info.namespace, name);
    if (service === undefined) throw notFoundError({ group: '', resource: 'services' }, name);
    const found = service.spec?.ports?.find((candidate) => candidate.port === Number(port));
    if (found === undefined)
      throw new StatusError('ServiceUnavailable', `no service port ${Number(port)} found for service "${name}"`);
    portName = found.name ?? '';
  }
  const endpoints = reader.get<Endpoints>('endpoints', info.namespace, name);
  // Upstream's words, though it may well be there.
  if (endpoints === undefined) throw notFoundError({ group: '', resource: 'services' }, name);
  const { subsets = [] } = endpoints;
  if (subsets.length === 0) throw new StatusError('ServiceUnavailable', `no endpoints available for service "${name}"`);
  for (const { addresses = [], ports = [] } of rotated(subsets, registry.random)) {
    const number = ports.find((candidate) => (candidate.name ?? '') === portName)?.port;
    if (number === undefined) continue;
    for (const address of rotated(addresses, registry.random)) {
      const pod = podAt(reader, info.namespace, address);
      if (pod) return { host: address.ip ?? '', port: number, isTls: scheme === 'https' };
    }
  }
  throw new StatusError('ServiceUnavailable', `no endpoints available for service "${info.name}"`);
}

function rotated<T>(list: readonly T[], random: { next(): number }): readonly T[] {
  const at = Math.floor(random.next() * list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

type Reader = ApiDeps['registry']['strategyDeps']['reader'];

/** Only pods are proxied to: an address that a user wrote could be any machine's. */
function podAt(reader: Reader, namespace: string, { ip, targetRef }: Address): boolean {
  if (targetRef?.kind !== 'Pod') return false;
  const pod = reader.get<Pod>('pods', targetRef.namespace ?? namespace, targetRef.name ?? '');
  const { podIP, podIPs = [] } = pod?.status ?? {};
  return podIP === ip || podIPs.some((one) => one.ip === ip);
}

import type { Clock } from '../../../api/clock.ts';
import { goQuote } from '../../../api/go-text.ts';
import type { NetworkNamespace } from '../../network/network.ts';
import type { Container, StartedContainer } from '../pod-runtime.ts';

export type ProbeSpec = NonNullable<Container['livenessProbe']>;

/** What one look at a container says. */
export type ProbeOutcome =
  | { readonly is: 'success' | 'failure' | 'warning'; readonly output: string }
  /** It could not be asked; counts for nothing. */
  | { readonly is: 'error'; readonly message: string };

/** Where a probe or a hook finds its container. */
export interface ProbeTarget {
  readonly clock: Clock;
  readonly container: Container;
  readonly running: StartedContainer;
  readonly podIP: string;
  /** Where connections come from. */
  readonly network: NetworkNamespace;
}

type Port = NonNullable<ProbeSpec['tcpSocket']>['port'];

/** A number, or the name of one of the container's ports; throws in Go's words. */
export function portOf(port: Port | undefined, { ports = [] }: Container): number {
  const named = typeof port === 'string' ? ports.find(({ name }) => name === port)?.containerPort : undefined;
  const found = named ?? Number(port);
  if (!Number.isInteger(found)) throw new Error(`strconv.Atoi: parsing ${goQuote(String(port))}: invalid syntax`);
  if (found <= 0 || found > 65_535) throw new Error(`invalid port number: ${found}`);
  return found;
}

export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

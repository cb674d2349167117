import type { Duplex } from 'node:stream';
import type { Clock } from '../../api/clock.ts';
import type { ConnectOptions, Fabric, Namespace } from './namespace.ts';
import { type Address, type Flow, NetworkError, type Translation } from './network.ts';
import type { Route } from './router.ts';
import { createWire } from './wire.ts';

export interface StreamDeps {
  readonly clock: Clock | undefined;
  readonly route: (source: Namespace, flow: Flow) => Route;
  readonly outside: (to: Address) => Promise<Duplex> | undefined;
  readonly translation: () => Translation;
}

/** As Linux gives up after six tries. */
const connectTimeoutMs = 127_000;

function failure(code: string, { ip, port }: Address): NetworkError {
  return new NetworkError(code, `connect ${code} ${ip}:${port}`);
}

/** What is dropped is not answered: whoever waits gives up. */
function giveUp(
  to: Address,
  { signal, timeoutMs = connectTimeoutMs }: ConnectOptions,
  clock: Clock | undefined,
): Promise<never> {
  return new Promise((_, reject) => {
    if (clock === undefined) {
      reject(failure('ETIMEDOUT', to));
      return;
    }
    const timer = clock.after(timeoutMs, () => {
      signal?.removeEventListener('abort', aborted);
      reject(failure('ETIMEDOUT', to));
    });
    const aborted = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

/** Connections between namespaces. */
export function createStreams({ clock, route, outside, translation }: StreamDeps): Pick<Fabric, 'connect'> {
  return {
    connect: async (source, from, asked, options) => {
      const { protocol = 'TCP' } = options;
      const way = route(source, { protocol, from, to: asked });
      if (way === 'drop') return giveUp(asked, options, clock);
      if (way === 'reject') throw failure('ECONNREFUSED', asked);
      if ('outside' in way) {
        const stream = await outside(way.outside);
        if (stream === undefined) throw failure('EHOSTUNREACH', asked);
        source.own(stream);
        return { stream, flow: { protocol, from, to: asked } };
      }
      const { target, seen, to } = way;
      const served = target.isNode ? () => translation().listenerAt?.(target.node, to.port) : () => undefined;
      const take = target.listeners.at(protocol, to.port, to.ip)?.take ?? served();
      if (take === undefined) throw failure('ECONNREFUSED', asked);
      const [near, far] = createWire({ local: from, remote: asked }, { local: to, remote: seen });
      source.own(near);
      target.own(far);
      take({ stream: far, flow: { protocol, from: seen, to } });
      return { stream: near, flow: { protocol, from, to: asked } };
    },
  };
}

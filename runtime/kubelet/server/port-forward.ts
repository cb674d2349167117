import type { Duplex } from 'node:stream';
import { StatusError } from '../../../api/status.ts';
import { NetworkError } from '../../network/network.ts';
import type { HostedPod } from './kubelet-host.ts';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
};

function whyOf(error: unknown): string {
  if (error instanceof NetworkError) return reasons[error.code] ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Connects to a port of the pod's own localhost. */
export async function forwardPort({ pod, sandbox }: HostedPod, port: number): Promise<Duplex> {
  const { name, namespace, uid = '' } = pod.metadata ?? {};
  if (sandbox === undefined) throw new StatusError('InternalError', `pod not found ("${name}_${namespace}")`);
  const { network } = sandbox;
  try {
    return (await network.connect({ ip: '127.0.0.1', port })).stream;
  } catch (first) {
    try {
      return (await network.connect({ ip: '::1', port })).stream;
    } catch (second) {
      const id = uid.replaceAll('-', '');
      const four = `IPv4: dial tcp4 127.0.0.1:${port}: connect: ${whyOf(first)}`;
      const six = `IPv6: dial tcp6 [::1]:${port}: connect: ${whyOf(second)}`;
      const inside = `failed to connect to localhost:${port} inside namespace "${id}", ${four} ${six} `;
      const message = `failed to execute portforward in network namespace "/var/run/netns/cni-${uid}": ${inside}`;
      throw new StatusError('InternalError', message);
    }
  }
}

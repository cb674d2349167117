import type { Pod } from '../kubelet/pod-runtime.ts';
import type { Protocol, VirtualNetwork } from '../network/network.ts';

/** The `hostPort`s of a pod, as the network's own plug-in for them maps them: on its node, to each of its addresses. */
export function openHostPorts(
  network: VirtualNetwork,
  { spec }: Readonly<Pod>,
  { node, ips }: { readonly node: string; readonly ips: readonly string[] },
): { close(): void } {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const mappings = containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort = 0, hostIP = '', containerPort: to = 0, protocol = 'TCP' }) =>
      (hostPort === 0 ? [] : ips).map((ip) =>
        network.mapPort({
          node,
          protocol: protocol as Protocol,
          hostIp: hostIP,
          port: hostPort,
          to: { ip, port: to },
        }),
      ),
    ),
  );
  return {
    close: () => {
      for (const mapping of mappings) mapping.close();
    },
  };
}

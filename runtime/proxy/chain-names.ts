import { createHash } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Names of chains are short: 80 bits of a hash, in base32. */
function shortHash(text: string): string {
  const bytes = createHash('sha256').update(text).digest();
  let bits = 0n;
  for (const byte of bytes.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte);
  let name = '';
  for (let shift = 75n; shift >= 0n; shift -= 5n) name += alphabet[Number((bits >> shift) & 31n)];
  return name;
}

export interface PortChains {
  /** To any endpoint. */
  readonly cluster: string;
  /** To those of the node. */
  readonly local: string;
  /** What comes from outside. */
  readonly external: string;
  /** Source ranges of load balancers. */
  readonly firewall: string;
}

/** `name` is `namespace/service:port`. */
export function portChains(name: string, protocol: string): PortChains {
  const hash = shortHash(name + protocol.toLowerCase());
  return {
    cluster: `KUBE-SVC-${hash}`,
    local: `KUBE-SVL-${hash}`,
    external: `KUBE-EXT-${hash}`,
    firewall: `KUBE-FW-${hash}`,
  };
}

export function endpointChain(name: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${shortHash(name + protocol.toLowerCase() + endpoint)}`;
}

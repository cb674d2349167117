import type { Api } from '../../api/object.ts';
import { notFoundError, StatusError } from '../../api/status.ts';
import type { NodeConnection } from '../../api/streams/node-connection.ts';
import type { ApiDeps } from '../http/handlers/handler.ts';
import type { KubeletCredential } from './access.ts';
import { type KubeletAddress, kubeletAddressOf } from './kubelet-address.ts';

export type Node = Api<'io.k8s.api.core.v1.Node'>;

export interface RemoteKubelet {
  readonly address: KubeletAddress;
  readonly credential: KubeletCredential;
}

/** A node of this process, or another machine's kubelet. */
export type ReachedNode =
  | { readonly connection: NodeConnection; readonly remote?: undefined }
  | { readonly connection?: undefined; readonly remote: RemoteKubelet };

export function nodeNamed({ registry }: ApiDeps, name: string): Readonly<Node> {
  const node = registry.strategyDeps.reader.get<Node>('nodes', '', name);
  if (node === undefined) throw notFoundError({ group: '', resource: 'nodes' }, name);
  return node;
}

/** Upstream: NodeConnectionInfoGetter. */
export function reachNode(deps: ApiDeps, name: string): ReachedNode {
  const node = nodeNamed(deps, name);
  const connection = deps.nodes?.local()?.connectionTo(name);
  if (connection !== undefined) return { connection };
  const credential = deps.nodes?.kubelet;
  if (credential === undefined)
    throw new StatusError('ServiceUnavailable', `node ${JSON.stringify(name)} is not one that this server can reach`);
  try {
    return { remote: { address: kubeletAddressOf(node), credential } };
  } catch (error) {
    throw new StatusError('', (error as Error).message, { cause: error });
  }
}

import type { Api } from '../../api/object.ts';

type Service = Api<'io.k8s.api.core.v1.Service'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;
export type LoadBalancerStatus = Api<'io.k8s.api.core.v1.LoadBalancerStatus'>;

/** What a cloud does for Services of type LoadBalancer. All calls may come again for the same Service. */
export interface LoadBalancers {
  /** Whether there is one for the Service. */
  has(service: Readonly<Service>): boolean | Promise<boolean>;
  ensure(
    service: Readonly<Service>,
    nodes: readonly Readonly<Node>[],
  ): LoadBalancerStatus | Promise<LoadBalancerStatus>;
  remove(service: Readonly<Service>): void | Promise<void>;
}

/** The machines behind nodes. */
export interface Instances {
  stateOf(node: Readonly<Node>): Promise<'running' | 'shutdown' | 'missing'>;
}

/** A route leads the addresses of a node's pods to the node. */
export interface Route {
  readonly node: string;
  readonly destinationCIDR: string;
}

export interface Routes {
  list(): Promise<readonly Route[]>;
  create(route: Route): Promise<void>;
  remove(route: Route): Promise<void>;
}

/** What controllers ask of the place that a cluster runs in; without a part of it the controllers of that part rest. */
export interface Cloud {
  readonly loadBalancers?: LoadBalancers;
  readonly instances?: Instances;
  readonly routes?: Routes;
}

import type { Api } from '../../../api/object.ts';

export type Service = Api<'io.k8s.api.core.v1.Service'>;
export type Node = Api<'io.k8s.api.core.v1.Node'>;
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

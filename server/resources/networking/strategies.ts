import type { AnyStrategy } from '../../registry/strategy.ts';
import { ingressClassStrategy } from './ingress-classes.ts';
import { ingressStrategy } from './ingresses.ts';
import { ipAddressStrategy } from './ip-addresses.ts';
import { networkPolicyStrategy } from './network-policies.ts';
import { serviceCIDRStrategy } from './service-cidrs.ts';

export const networkingStrategies: readonly AnyStrategy[] = [
  ingressStrategy,
  ingressClassStrategy,
  networkPolicyStrategy,
  ipAddressStrategy,
  serviceCIDRStrategy,
];

import type { AnyStrategy } from '../../registry/strategy.ts';
import { certificateSigningRequests } from './certificate-signing-requests.ts';
import { clusterTrustBundles } from './cluster-trust-bundles.ts';

export const certificatesStrategies: readonly AnyStrategy[] = [certificateSigningRequests, clusterTrustBundles];

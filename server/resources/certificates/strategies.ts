import type { AnyStrategy } from '../../registry/strategy.ts';
import { certificateSigningRequests } from './certificate-signing-requests.ts';

export const certificatesStrategies: readonly AnyStrategy[] = [certificateSigningRequests];

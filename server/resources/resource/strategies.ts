import type { AnyStrategy } from '../../registry/strategy.ts';
import { resourceClaims, resourceClaimTemplates } from './claims.ts';
import { deviceClasses } from './device-classes.ts';
import type { DeviceExpressionCheck } from './device-selection.ts';
import { deviceTaintRules } from './device-taint-rules.ts';
import { resourceSlices } from './resource-slices.ts';

/** The group's strategies with a compiler of CEL selectors. */
export function createResourceStrategies(check: DeviceExpressionCheck): readonly AnyStrategy[] {
  return [deviceClasses(check), resourceClaims(check), resourceClaimTemplates(check), resourceSlices, deviceTaintRules];
}

export const resourceStrategies = createResourceStrategies(() => []);

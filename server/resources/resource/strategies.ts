import type { KubeObject } from '../../../api/object.ts';
import type { AnyStrategy, StrategyDeps } from '../../registry/strategy.ts';
import type { ClaimSpec } from './claim-spec.ts';
import { type ResourceClaimTemplate, resourceClaims, resourceClaimTemplates } from './claims.ts';
import { type DeviceClass, deviceClasses } from './device-classes.ts';
import type { DeviceExpressionCheck } from './device-selection.ts';
import { deviceTaintRules } from './device-taint-rules.ts';
import { resourceSlices } from './resource-slices.ts';

function selectsInClaim(spec: Readonly<ClaimSpec> | undefined): boolean {
  return (spec?.devices?.requests ?? []).some(({ exactly, firstAvailable = [] }) =>
    [exactly, ...firstAvailable].some((request) => request?.selectors !== undefined),
  );
}

/** Whether there is an expression to check. */
function selects(object: Readonly<KubeObject>): boolean {
  const { spec } = object as DeviceClass | ResourceClaimTemplate;
  if (spec === undefined) return false;
  if ('selectors' in spec) return true;
  return selectsInClaim('spec' in spec ? spec.spec : (spec as ClaimSpec));
}

/** The group's strategies. The compiler of selectors is loaded when the first object comes that has one. */
export function createResourceStrategies(load: () => Promise<DeviceExpressionCheck>): readonly AnyStrategy[] {
  const loaded: { check?: DeviceExpressionCheck } = {};
  const check: DeviceExpressionCheck = (expression, stored, path) => loaded.check?.(expression, stored, path) ?? [];
  const prepare = async (object: Readonly<KubeObject>): Promise<void> => {
    if (loaded.check === undefined && selects(object)) loaded.check = await load();
  };
  const checked: readonly AnyStrategy[] = [deviceClasses(check), resourceClaims(check), resourceClaimTemplates(check)];
  return [
    ...checked.map(
      (strategy): AnyStrategy => ({
        ...strategy,
        beginCreate: async (object: KubeObject, deps: StrategyDeps, dryRun: boolean) => {
          await prepare(object);
          return strategy.beginCreate?.(object, deps, dryRun);
        },
        beginUpdate: async (object: KubeObject, old: Readonly<KubeObject>, deps: StrategyDeps, dryRun: boolean) => {
          await prepare(object);
          return strategy.beginUpdate?.(object, old, deps, dryRun);
        },
      }),
    ),
    resourceSlices,
    deviceTaintRules,
  ];
}

export const resourceStrategies = createResourceStrategies(async () => {
  const { createDeviceExpressionCheck } = await import('./expression-check.ts');
  return createDeviceExpressionCheck();
});

import type { Api } from '../../../api/object.ts';
import type { ScalingRules } from './hpa-defaults.ts';

export type Behavior = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior'>;

/** The annotation of autoscaling/v1 holds upstream's internal form: Go's field names, nothing left out. */
function printedRules(rules: Readonly<ScalingRules> | undefined): unknown {
  if (rules === undefined) return null;
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies:
      rules.policies?.map(({ type = '', value = 0, periodSeconds = 0 }) => ({
        Type: type,
        Value: value,
        PeriodSeconds: periodSeconds,
      })) ?? null,
    Tolerance: rules.tolerance ?? null,
  };
}

export function behaviorText({ scaleUp, scaleDown }: Readonly<Behavior>): string {
  return JSON.stringify({ ScaleUp: printedRules(scaleUp), ScaleDown: printedRules(scaleDown) });
}

/** Fields by their JSON names; nulls are absent fields. */
function uncapitalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(uncapitalised);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== null);
  return Object.fromEntries(entries.map(([k, v]) => [k.charAt(0).toLowerCase() + k.slice(1), uncapitalised(v)]));
}

export function parsedBehavior(value: unknown): Behavior | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { scaleUp, scaleDown } = uncapitalised(value) as Behavior;
  if (scaleUp === undefined && scaleDown === undefined) return undefined;
  // Rules without policies get no default ones on this way: they are invalid.
  for (const rules of [scaleUp, scaleDown]) if (rules !== undefined) rules.policies ??= [];
  return { scaleUp, scaleDown };
}

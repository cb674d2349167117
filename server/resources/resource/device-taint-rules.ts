import { toTime } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, tooMany } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { validateConditions } from '../../../api/validation/conditions.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { keepMetadata, keepSpec, keepStatus } from '../core/kept-fields.ts';
import { driverNameErrors, labelErrors, poolNameErrors } from './device-names.ts';
import { taintErrors } from './device-selection.ts';

export type DeviceTaintRule = Api<'io.k8s.api.resource.v1beta2.DeviceTaintRule'>;

const specPath = FieldPath.of('spec');
const conditionsPath = FieldPath.of('status', 'conditions');
const maxConditions = 8;

function validate(rule: Readonly<DeviceTaintRule>): FieldErrors {
  const { driver, pool, device } = rule.spec?.deviceSelector ?? {};
  const path = specPath.child('deviceSelector');
  return [
    ...(driver === undefined ? [] : driverNameErrors(driver, path.child('driver'))),
    ...(pool === undefined ? [] : poolNameErrors(pool, path.child('pool'))),
    ...(device === undefined ? [] : labelErrors(device, path.child('device'))),
    ...taintErrors(rule.spec?.taint ?? {}, specPath.child('taint')),
  ];
}

/** Served only on request: an API that is not stable. */
export const deviceTaintRules: Strategy<DeviceTaintRule> = {
  resource: 'devicetaintrules.resource.k8s.io',
  generation: true,
  prepareForCreate(rule, { now }) {
    rule.status = {};
    if (rule.spec?.taint !== undefined) rule.spec.taint.timeAdded ??= toTime(now);
  },
  prepareForUpdate(rule, old, { now }) {
    keepStatus(rule, old);
    const [taint, before] = [rule.spec?.taint, old.spec?.taint];
    if (taint === undefined) return;
    // The time is that of the effect: another effect without another time is new.
    const sameTime = semanticEqual(taint.timeAdded, before?.timeAdded);
    if (taint.timeAdded === undefined || (taint.effect !== before?.effect && sameTime)) taint.timeAdded = toTime(now);
  },
  validateCreate: validate,
  validateUpdate: validate,
  subresources: {
    status: {
      prepareForUpdate(rule, old) {
        keepSpec(rule, old);
        keepMetadata(rule, old);
      },
      validateUpdate: (rule) => {
        const conditions = rule.status?.conditions ?? [];
        const errors = validateConditions(conditions, conditionsPath);
        return conditions.length > maxConditions
          ? [...errors, tooMany(conditionsPath, conditions.length, maxConditions)]
          : errors;
      },
    },
  },
};

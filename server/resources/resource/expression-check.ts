import { createDeviceExpressions } from '../../../api/cel/device-environment.ts';
import { forbidden, invalid } from '../../../api/field-error.ts';
import type { DeviceExpressionCheck } from './device-selection.ts';

const maxCost = 1_000_000n;

/** Compiles selectors; one that may cost too much is none. */
export function createDeviceExpressionCheck(): DeviceExpressionCheck {
  const expressions = createDeviceExpressions();
  return (expression, _stored, path) => {
    const compiled = expressions.compile(expression);
    if (compiled.error !== undefined) return [invalid(path, expression, compiled.error)];
    return compiled.maxCost > maxCost ? [forbidden(path, 'too complex, exceeds cost limit')] : [];
  };
}

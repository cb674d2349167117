import { type FieldErrors, type FieldPath, notSupported } from '../../../api/field-error.ts';
import { isQualifiedName } from '../../../api/names.ts';
import { invalidEach } from '../core/field-checks.ts';

const known = ['OldestEmulationVersion'];

/** How a coordinated election chooses: one of the known ways, or another under a domain. */
export function strategyErrors(strategy: string, path: FieldPath): FieldErrors {
  const at = path.child('strategy');
  if (strategy.includes('/')) return invalidEach(at, strategy, isQualifiedName(strategy));
  return known.includes(strategy) ? [] : [notSupported(at, strategy, known)];
}

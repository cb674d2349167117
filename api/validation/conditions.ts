import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../field-error.ts';
import type { Api } from '../object.ts';
import { validateLabelName } from './labels.ts';

type Condition = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.Condition'>;

const statuses = ['False', 'True', 'Unknown'];
const maxReasonLength = 1024;
const maxMessageLength = 32 * 1024;
const reasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonRegexp = new RegExp(`^${reasonFormat}$`);
const reasonMessage = `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reasonFormat}')`;

function validateReason(reason: string, path: FieldPath): FieldErrors {
  if (reason === '') return [required(path)];
  const errors = reasonRegexp.test(reason) ? [] : [invalid(path, reason, reasonMessage)];
  if (reason.length > maxReasonLength) errors.push(tooLong(path, maxReasonLength));
  return errors;
}

/** metav1.Condition: one of each type, with a status, a reason and a time. */
export function validateConditions(conditions: readonly Readonly<Condition>[], path: FieldPath): FieldErrors {
  const seen = new Set<string>();
  return conditions.flatMap((condition, i) => {
    const { type = '', status = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition;
    const at = path.index(i);
    const errors: FieldErrors = seen.has(type) ? [duplicate(at.child('type'), type)] : [];
    seen.add(type);
    errors.push(...validateLabelName(type, at.child('type')));
    if (!statuses.includes(status)) errors.push(notSupported(at.child('status'), status, statuses));
    if (observedGeneration < 0) {
      errors.push(invalid(at.child('observedGeneration'), observedGeneration, 'must be greater than or equal to zero'));
    }
    if (!lastTransitionTime) errors.push(required(at.child('lastTransitionTime')));
    errors.push(...validateReason(reason, at.child('reason')));
    if (message.length > maxMessageLength) errors.push(tooLong(at.child('message'), maxMessageLength));
    return errors;
  });
}

import { type FieldErrors, type FieldPath, invalid, required, tooLong } from '../../../api/field-error.ts';
import { qualifiedNameErrors } from '../core/field-checks.ts';

const maxParameters = 512;
const maxBytes = 256 * 1024;

/** Names of provisioners and drivers in classes. */
export function provisionerErrors(name: string, path: FieldPath): FieldErrors {
  return name === '' ? [required(path)] : qualifiedNameErrors(name.toLowerCase(), path);
}

export function parameterErrors(parameters: Readonly<Record<string, string>>, path: FieldPath): FieldErrors {
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters) return [tooLong(path, maxParameters)];
  const errors = entries.filter(([key]) => key === '').map(([key]) => invalid(path, key, 'field can not be empty.'));
  if (bytesOf(parameters) > maxBytes) errors.push(tooLong(path, maxBytes));
  return errors;
}

/** Keys and values together. */
export function bytesOf(map: Readonly<Record<string, string>>): number {
  return Object.entries(map).reduce((sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v), 0);
}

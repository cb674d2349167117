import { type FieldErrors, type FieldPath, invalid, required, tooLong } from '../../../api/field-error.ts';
import { byteLength, isDNS1123Label, isDNS1123Subdomain } from '../../../api/names.ts';

const maxDomain = 253;
// Room for a namespace, a dot and a name behind the slash.
const maxPath = 253 + 63 + 1;

/** The errors of the first dotted segment that breaks a rule. */
function segmentErrors(path: FieldPath, text: string, rule: (label: string) => string[]): FieldErrors {
  for (const label of text.split('.')) {
    const messages = rule(label);
    if (messages.length > 0)
      return messages.map((message) => invalid(path, text, `validating label ${JSON.stringify(label)}: ${message}`));
  }
  return [];
}

/** `example.com/signer-name`. */
export function validateSignerName(path: FieldPath, name: string): FieldErrors {
  if (name === '') return [required(path)];
  const [domain = '', rest, ...more] = name.split('/');
  if (rest === undefined || more.length > 0) {
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const errors: FieldErrors = [];
  if (byteLength(domain) > maxDomain) errors.push(tooLong(path, maxDomain));
  errors.push(...segmentErrors(path, domain, isDNS1123Label));
  if (!domain.includes('.'))
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  errors.push(...segmentErrors(path, rest, isDNS1123Subdomain));
  const max = maxDomain + maxPath + 1;
  if (byteLength(name) > max) errors.push(tooLong(path, max));
  return errors;
}

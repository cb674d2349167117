import { type FieldErrors, type FieldPath, invalid } from '../../../api/field-error.ts';
import { contains, parseCIDR, parseIP } from '../../../api/ip.ts';

const special = [
  { ranges: ['127.0.0.0/8', '::1/128'], why: 'may not be in the loopback range (127.0.0.0/8, ::1/128)' },
  { ranges: ['169.254.0.0/16', 'fe80::/10'], why: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)' },
  {
    ranges: ['224.0.0.0/24', 'ff02::/16'],
    why: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
].map(({ ranges, why }) => ({ ranges: ranges.flatMap((text) => parseCIDR(text) ?? []), why }));

/** What may not stand as an endpoint's address although it is one. */
export function endpointIPErrors(text: string, path: FieldPath): FieldErrors {
  const address = parseIP(text);
  if (address === undefined) return [invalid(path, text, 'must be a valid IP address')];
  const errors = address.bits === 0n ? [invalid(path, text, `may not be unspecified (${text})`)] : [];
  for (const { ranges, why } of special) {
    if (ranges.some((range) => contains(range, address))) errors.push(invalid(path, text, why));
  }
  return errors;
}

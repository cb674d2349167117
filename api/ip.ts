import { type FieldErrors, type FieldPath, invalid } from './field-error.ts';
import { goQuote } from './go-text.ts';

export interface IPAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
  /** Written as `::ffff:10.0.0.1`: an IPv4 address in disguise, which family and bits already say. */
  readonly mapped: boolean;
  /** Written the way today's parsers demand: no leading zeros. */
  readonly strict: boolean;
}

export interface IPRange {
  readonly family: 4 | 6;
  /** The first address of the range. */
  readonly base: bigint;
  readonly prefix: number;
}

interface ParsedCIDR extends IPRange {
  readonly address: IPAddress;
  readonly strict: boolean;
}

const mappedPrefix = 0xffffn << 32n;

function parseIPv4(text: string): { bits: bigint; strict: boolean } | undefined {
  const parts = /^([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$/.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  let bits = 0n;
  for (const part of parts) {
    const octet = Number(part);
    if (octet > 255) return undefined;
    bits = (bits << 8n) | BigInt(octet);
  }
  return { bits, strict: parts.every((part) => part === '0' || part[0] !== '0') };
}

/** The 16-bit groups of one side of `::`; an IPv4 address may end it. */
function parseGroups(text: string, mayEndInIPv4: boolean): { groups: bigint[]; strict: boolean } | undefined {
  if (text === '') return { groups: [], strict: true };
  const parts = text.split(':');
  const groups: bigint[] = [];
  let strict = true;
  for (const [i, part] of parts.entries()) {
    if (mayEndInIPv4 && i === parts.length - 1 && part.includes('.')) {
      const tail = parseIPv4(part);
      if (tail === undefined) return undefined;
      groups.push(tail.bits >> 16n, tail.bits & 0xffffn);
      strict &&= tail.strict;
    } else {
      if (!/^[0-9a-fA-F]+$/.test(part) || Number(`0x${part}`) > 0xffff) return undefined;
      groups.push(BigInt(`0x${part}`));
      strict &&= part.length <= 4;
    }
  }
  return { groups, strict };
}

function parseIPv6(text: string): { bits: bigint; strict: boolean } | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = '', tail] = halves;
  const left = parseGroups(head, tail === undefined);
  const right = parseGroups(tail ?? '', true);
  if (left === undefined || right === undefined) return undefined;
  const count = left.groups.length + right.groups.length;
  if (tail === undefined ? count !== 8 : count > 7) return undefined;
  const zeros = Array.from({ length: 8 - count }, () => 0n);
  const bits = [...left.groups, ...zeros, ...right.groups].reduce((sum, group) => (sum << 16n) | group, 0n);
  return { bits, strict: left.strict && right.strict };
}

/** Accepts leading zeros in octets and groups, as every field has since the beginning. */
export function parseIP(text: string): IPAddress | undefined {
  const kind = /[.:]/.exec(text)?.[0];
  if (kind === '.') {
    const parsed = parseIPv4(text);
    return parsed && { family: 4, ...parsed, mapped: false };
  }
  const parsed = kind === ':' ? parseIPv6(text) : undefined;
  if (parsed === undefined) return undefined;
  if (parsed.bits >> 32n === mappedPrefix >> 32n) {
    return { family: 4, bits: parsed.bits & 0xffffffffn, mapped: true, strict: parsed.strict };
  }
  return { family: 6, ...parsed, mapped: false };
}

function parseWholeCIDR(text: string): ParsedCIDR | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : parseIP(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^[0-9]+$/.test(length)) return undefined;
  const written = Number(length);
  const mappedBits = address.mapped ? 96 : 0;
  const width = address.family === 4 ? 32 : 128;
  if (written > width + mappedBits) return undefined;
  const prefix = Math.max(written - mappedBits, 0);
  const hostBits = BigInt(width - prefix);
  const base = (address.bits >> hostBits) << hostBits;
  const strict = address.strict && (length === '0' || length[0] !== '0');
  return { family: address.family, base, prefix, address, strict };
}

export function parseCIDR(text: string): IPRange | undefined {
  const parsed = parseWholeCIDR(text);
  return parsed && { family: parsed.family, base: parsed.base, prefix: parsed.prefix };
}

/** The canonical text: dotted for IPv4, RFC 5952 for IPv6. */
export function formatIP(family: 4 | 6, bits: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let [start, length] = [0, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === '0') end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

export function formatCIDR({ family, base, prefix }: IPRange): string {
  return `${formatIP(family, base)}/${prefix}`;
}

export function isIPv6(text: string): boolean {
  return parseIP(text)?.family === 6;
}

export function isIPv4(text: string): boolean {
  return parseIP(text)?.family === 4;
}

export function isIPv6CIDR(text: string): boolean {
  return parseCIDR(text)?.family === 6;
}

export function contains(range: IPRange, address: { readonly family: 4 | 6; readonly bits: bigint }): boolean {
  const hostBits = BigInt((range.family === 4 ? 32 : 128) - range.prefix);
  return range.family === address.family && address.bits >> hostBits === range.base >> hostBits;
}

/** For fields older than the strict rules: values in `unchanged` (the stored ones) stay valid whatever they look like. */
export function validateLegacyIP(path: FieldPath, value: string, unchanged: readonly string[] = []): FieldErrors {
  if (unchanged.includes(value)) return [];
  const parsed = parseIP(value);
  if (parsed === undefined) {
    return [invalid(path, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  }
  const errors: FieldErrors = [];
  if (!parsed.strict) errors.push(invalid(path, value, 'must not have leading 0s'));
  else if (parsed.mapped) errors.push(invalid(path, value, 'must not be an IPv4-mapped IPv6 address'));
  return errors;
}

/** For fields that take nothing but the canonical form. */
export function validateIP(path: FieldPath, value: string): FieldErrors {
  const errors = validateLegacyIP(path, value);
  const parsed = parseIP(value);
  if (errors.length > 0 || parsed === undefined) return errors;
  return canonical(path, value, formatIP(parsed.family, parsed.bits));
}

function canonical(path: FieldPath, value: string, form: string): FieldErrors {
  return value === form ? [] : [invalid(path, value, `must be in canonical form (${goQuote(form)})`)];
}

/** See validateLegacyIP. */
export function validateLegacyCIDR(path: FieldPath, value: string, unchanged: readonly string[] = []): FieldErrors {
  if (unchanged.includes(value)) return [];
  const parsed = parseWholeCIDR(value);
  if (parsed === undefined) {
    return [invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  }
  if (!parsed.strict) return [invalid(path, value, 'must not have leading 0s in IP or prefix length')];
  if (parsed.address.mapped) return [invalid(path, value, 'must not have an IPv4-mapped IPv6 address')];
  if (parsed.address.bits !== parsed.base) {
    return [invalid(path, value, 'must not have bits set beyond the prefix length')];
  }
  return [];
}

export function validateCIDR(path: FieldPath, value: string): FieldErrors {
  const errors = validateLegacyCIDR(path, value);
  const parsed = parseCIDR(value);
  if (errors.length > 0 || parsed === undefined) return errors;
  return canonical(path, value, formatCIDR(parsed));
}

/** An address with the length of its network, e.g. of a device: bits beyond the prefix are its own. */
export function validateInterfaceAddress(path: FieldPath, value: string): FieldErrors {
  const parsed = parseWholeCIDR(value);
  if (parsed === undefined) {
    return [invalid(path, value, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')];
  }
  return canonical(path, value, `${formatIP(parsed.family, parsed.address.bits)}/${parsed.prefix}`);
}

/** Texts for Warning headers about an IP that a legacy field accepted. */
export function ipWarnings(path: FieldPath, value: string): string[] {
  const parsed = parseIP(value);
  if (parsed === undefined) return [];
  const form = formatIP(parsed.family, parsed.bits);
  if (!parsed.strict || parsed.mapped) {
    return [`${path}: non-standard IP address ${goQuote(value)} is invalid: use ${goQuote(form)}`];
  }
  if (parsed.family === 4 || form === value) return [];
  return [`${path}: IPv6 address ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(form)})`];
}

/** Texts for Warning headers about a CIDR that a legacy field accepted. */
export function cidrWarnings(path: FieldPath, value: string): string[] {
  const parsed = parseWholeCIDR(value);
  if (parsed === undefined) return [];
  const quoted = goQuote(value);
  const form = goQuote(formatCIDR(parsed));
  const warnings: string[] = [];
  if (parsed.address.bits !== parsed.base) {
    const width = parsed.family === 4 && !parsed.address.mapped ? 32 : 128;
    const single = goQuote(`${formatIP(parsed.family, parsed.address.bits)}/${width}`);
    warnings.push(`${path}: CIDR value ${quoted} is ambiguous in this context (should be ${form} or ${single}?)`);
  }
  if (!parsed.strict || parsed.address.mapped) {
    warnings.push(`${path}: non-standard CIDR value ${quoted} is invalid: use ${form}`);
  }
  if (warnings.length === 0 && parsed.family === 6 && goQuote(formatCIDR(parsed)) !== quoted) {
    warnings.push(`${path}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${form})`);
  }
  return warnings;
}

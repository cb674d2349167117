import { goQuote } from '../../go-text.ts';
import { formatIP, parseIP } from '../../ip.ts';

// What Go's net/netip says of a text that is no address.

interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

function because(text: string, message: string, at?: string): string {
  return `ParseAddr(${goQuote(text)}): ${message}${at === undefined || at === '' ? '' : ` (at ${goQuote(at)})`}`;
}

/** Undefined when the text is an address, with or without a zone. */
export function addressError(text: string): string | undefined {
  const kind = /[.:%]/.exec(text)?.[0];
  if (kind === '.') return ipv4Error(text, text);
  if (kind === ':') return ipv6Error(text);
  return because(text, kind === '%' ? 'missing IPv6 address' : 'unable to parse IP');
}

function ipv4Error(whole: string, text: string): string | undefined {
  let value = 0;
  let digits = 0;
  let fields = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (character >= '0' && character <= '9') {
      if (digits === 1 && value === 0) return because(whole, 'IPv4 field has octet with leading zero');
      value = value * 10 + Number(character);
      digits += 1;
      if (value > 255) return because(whole, 'IPv4 field has value >255');
    } else if (character === '.') {
      if (index === 0 || index === text.length - 1 || text[index - 1] === '.') {
        return because(whole, 'IPv4 field must have at least one digit', text.slice(index));
      }
      if (fields === 3) return because(whole, 'IPv4 address too long');
      fields += 1;
      value = 0;
      digits = 0;
    } else {
      return because(whole, 'unexpected character', text.slice(index));
    }
  }
  return fields < 3 ? because(whole, 'IPv4 address too short') : undefined;
}

/** Where a reading of an IPv6 address has come to. */
interface Progress {
  readonly whole: string;
  rest: string;
  bytes: number;
  /** Where `::` stands, or -1. */
  ellipsis: number;
}

function ipv6Error(whole: string): string | undefined {
  const percent = whole.indexOf('%');
  if (percent === whole.length - 1) return because(whole, 'zone must be a non-empty string');
  const progress: Progress = { whole, rest: percent < 0 ? whole : whole.slice(0, percent), bytes: 0, ellipsis: -1 };
  if (progress.rest.startsWith('::')) {
    progress.ellipsis = 0;
    progress.rest = progress.rest.slice(2);
    if (progress.rest === '') return undefined;
  }
  while (progress.bytes < 16) {
    const error = readGroup(progress);
    if (error !== undefined) return error;
    if (progress.rest === '') break;
  }
  const { rest, bytes, ellipsis } = progress;
  if (rest !== '') return because(whole, 'trailing garbage after address', rest);
  if (bytes < 16) return ellipsis < 0 ? because(whole, 'address string too short') : undefined;
  return ellipsis < 0 ? undefined : because(whole, 'the :: must expand to at least one field of zeros');
}

function readGroup(progress: Progress): string | undefined {
  const { whole, rest } = progress;
  const group = /^[0-9a-fA-F]*/.exec(rest)?.[0] ?? '';
  if (group.length > 4) return because(whole, 'each group must have 4 or less digits', rest);
  if (group === '') return because(whole, 'each colon-separated field must have at least one digit', rest);
  if (rest[group.length] === '.') return readEmbedded(progress);
  progress.bytes += 2;
  progress.rest = rest.slice(group.length);
  return progress.rest === '' ? undefined : readColons(progress);
}

function readEmbedded(progress: Progress): string | undefined {
  const { whole, rest, bytes, ellipsis } = progress;
  if (ellipsis < 0 && bytes !== 12) {
    return because(whole, 'embedded IPv4 address must replace the final 2 fields of the address', rest);
  }
  if (bytes + 4 > 16) {
    return because(whole, 'too many hex fields to fit an embedded IPv4 at the end of the address', rest);
  }
  progress.rest = '';
  progress.bytes += 4;
  return ipv4Error(whole, rest);
}

function readColons(progress: Progress): string | undefined {
  const { whole, rest } = progress;
  if (rest[0] !== ':') return because(whole, 'unexpected character, want colon', rest);
  if (rest.length === 1) return because(whole, 'colon must be followed by more characters', rest);
  progress.rest = rest.slice(1);
  if (rest[1] !== ':') return undefined;
  if (progress.ellipsis >= 0) return because(whole, 'multiple :: in address', progress.rest);
  progress.ellipsis = progress.bytes;
  progress.rest = rest.slice(2);
  return undefined;
}

/** An address without zone that is no IPv4 address in IPv6 form; the text of the error otherwise. */
export function parseAddress(text: string): Address | string {
  const error = addressError(text);
  if (error !== undefined) return `IP Address ${goQuote(text)} parse error during conversion from string: ${error}`;
  if (text.includes('%')) return `IP address ${goQuote(text)} with zone value is not allowed`;
  const address = parseIP(text);
  if (address === undefined)
    return `IP Address ${goQuote(text)} parse error during conversion from string: unable to parse IP`;
  return address.mapped ? `IPv4-mapped IPv6 address ${goQuote(text)} is not allowed` : address;
}

export interface Prefix extends Address {
  readonly length: number;
}

export function parsePrefix(text: string): Prefix | string {
  const failed = (message: string) => {
    return `network address parse error during conversion from string: netip.ParsePrefix(${goQuote(text)}): ${message}`;
  };
  const slash = text.lastIndexOf('/');
  if (slash < 0) return failed("no '/'");
  const error = addressError(text.slice(0, slash));
  if (error !== undefined) return failed(error);
  if (text.slice(0, slash).includes('%')) return failed('IPv6 zones cannot be present in a prefix');
  const bits = text.slice(slash + 1);
  if (!/^(?:[0-9]|[1-9][0-9]{1,18})$/.test(bits)) return failed(`bad bits after slash: ${goQuote(bits)}`);
  const address = parseIP(text.slice(0, slash));
  if (address === undefined) return failed('unable to parse IP');
  const family = address.mapped ? 6 : address.family;
  if (Number(bits) > (family === 4 ? 32 : 128)) return failed('prefix length out of range');
  if (address.mapped) return `IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`;
  return { family: address.family, bits: address.bits, length: Number(bits) };
}

export function formatAddress({ family, bits }: Address): string {
  return formatIP(family, bits);
}

import { noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { CelError, type Result, Special, TypeValue, type Value } from '../runtime/values.ts';
import { formatAddress, parseAddress, parsePrefix } from './go-address.ts';

const ipType = new TypeValue('net.IP');
const cidrType = new TypeValue('net.CIDR');

const width = (family: 4 | 6) => (family === 4 ? 32n : 128n);

export class IPValue extends Special {
  readonly family: 4 | 6;
  readonly bits: bigint;
  constructor(family: 4 | 6, bits: bigint) {
    super();
    this.family = family;
    this.bits = bits;
  }
  get type(): TypeValue {
    return ipType;
  }
  override equals(other: Value): Result {
    return other instanceof IPValue ? other.family === this.family && other.bits === this.bits : noSuchOverload;
  }
  override toString(): string {
    return formatAddress(this);
  }
  override size(): number {
    return this.family === 4 ? 4 : 16;
  }
  override get costsOneToCompare(): boolean {
    return true;
  }
}

export class CIDRValue extends Special {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly length: number;
  constructor(family: 4 | 6, bits: bigint, length: number) {
    super();
    this.family = family;
    this.bits = bits;
    this.length = length;
  }
  get type(): TypeValue {
    return cidrType;
  }
  get base(): bigint {
    const host = width(this.family) - BigInt(this.length);
    return (this.bits >> host) << host;
  }
  contains(family: 4 | 6, bits: bigint): boolean {
    return family === this.family && (bits ^ this.bits) >> (width(family) - BigInt(this.length)) === 0n;
  }
  override equals(other: Value): Result {
    if (!(other instanceof CIDRValue)) return noSuchOverload;
    return other.family === this.family && other.bits === this.bits && other.length === this.length;
  }
  override toString(): string {
    return `${formatAddress(this)}/${this.length}`;
  }
  override size(): number {
    return Math.ceil(this.length / 8);
  }
  override get costsOneToCompare(): boolean {
    return true;
  }
}

function toIP(text: Value): Result {
  if (typeof text !== 'string') return noSuchOverload;
  const address = parseAddress(text);
  return typeof address === 'string' ? new CelError(address) : new IPValue(address.family, address.bits);
}

function toCIDR(text: Value): Result {
  if (typeof text !== 'string') return noSuchOverload;
  const prefix = parsePrefix(text);
  if (typeof prefix !== 'string') return new CIDRValue(prefix.family, prefix.bits, prefix.length);
  return new CelError(`network address parse error during conversion from string: ${prefix}`);
}

const ofIP = (read: (ip: IPValue) => Result): Implementation => {
  return (value) => (value instanceof IPValue ? read(value) : noSuchOverload);
};

const ofCIDR = (read: (cidr: CIDRValue) => Result): Implementation => {
  return (value) => (value instanceof CIDRValue ? read(value) : noSuchOverload);
};

function containsIP(cidr: Value, ip: Result): Result {
  if (ip instanceof CelError) return noSuchOverload;
  return cidr instanceof CIDRValue && ip instanceof IPValue ? cidr.contains(ip.family, ip.bits) : noSuchOverload;
}

function containsCIDR(cidr: Value, other: Result): Result {
  if (other instanceof CelError) return other;
  if (!(cidr instanceof CIDRValue) || !(other instanceof CIDRValue)) return noSuchOverload;
  return other.length >= cidr.length && cidr.contains(other.family, other.bits);
}

/** The first `count` bits of an address. */
const top = (ip: IPValue, count: bigint) => ip.bits >> (width(ip.family) - count);

function isLoopback(ip: IPValue): boolean {
  return ip.family === 4 ? top(ip, 8n) === 127n : ip.bits === 1n;
}

function isLinkLocalUnicast(ip: IPValue): boolean {
  return ip.family === 4 ? top(ip, 16n) === 0xa9fen : top(ip, 10n) === 0x3fan;
}

function isMulticast(ip: IPValue): boolean {
  return ip.family === 4 ? top(ip, 4n) === 0xen : top(ip, 8n) === 0xffn;
}

function isLinkLocalMulticast(ip: IPValue): boolean {
  return ip.family === 4 ? top(ip, 24n) === 0xe00000n : (top(ip, 16n) & 0xff0fn) === 0xff02n;
}

function isGlobalUnicast(ip: IPValue): boolean {
  const isBroadcast = ip.family === 4 && ip.bits === 0xffffffffn;
  return ip.bits !== 0n && !isBroadcast && !isLoopback(ip) && !isMulticast(ip) && !isLinkLocalUnicast(ip);
}

export const networkImplementations: Implementations = {
  string_to_ip: toIP,
  is_ip: (text) => (typeof text === 'string' ? !(toIP(text) instanceof CelError) : noSuchOverload),
  ip_to_string: ofIP((ip) => ip.toString()),
  ip_family: ofIP(({ family }) => family),
  ip_is_canonical: (text) => {
    const ip = toIP(text);
    return ip instanceof CelError ? ip : String(ip) === text;
  },
  ip_is_unspecified: ofIP(({ bits }) => bits === 0n),
  ip_is_loopback: ofIP(isLoopback),
  ip_is_link_local_multicast: ofIP(isLinkLocalMulticast),
  ip_is_link_local_unicast: ofIP(isLinkLocalUnicast),
  ip_is_global_unicast: ofIP(isGlobalUnicast),
  string_to_cidr: toCIDR,
  is_cidr: (text) => (typeof text === 'string' ? !(toCIDR(text) instanceof CelError) : noSuchOverload),
  cidr_to_string: ofCIDR((cidr) => cidr.toString()),
  cidr_contains_ip_string: (cidr, ip) => containsIP(cidr, toIP(ip)),
  cidr_contains_ip_ip: containsIP,
  cidr_contains_cidr_string: (cidr, other) => containsCIDR(cidr, toCIDR(other)),
  cidr_contains_cidr: containsCIDR,
  cidr_ip: ofCIDR(({ family, bits }) => new IPValue(family, bits)),
  cidr_prefix_length: ofCIDR(({ length }) => length),
  cidr_masked: ofCIDR((cidr) => new CIDRValue(cidr.family, cidr.base, cidr.length)),
};

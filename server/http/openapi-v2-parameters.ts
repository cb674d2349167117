const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const mask = 0xffffffffffffffffn;

/** FNV-1 with 64 bits, of which six bytes are shown: upstream's names of shared parameters. */
export function parameterHash(text: string): string {
  let hash = offset;
  for (const byte of Buffer.from(text)) hash = ((hash * prime) & mask) ^ BigInt(byte);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(hash);
  return bytes.subarray(0, 6).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

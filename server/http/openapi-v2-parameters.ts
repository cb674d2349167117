// 64 bits in two halves: the offset, and the prime without its bit 40, which is a shift.
const offset = [0xcbf29ce4, 0x84222325] as const;
const primeLow = 0x1b3;
const half = 0x100000000;

/** FNV-1 with 64 bits, of which six bytes are shown: upstream's names of shared parameters. */
export function parameterHash(text: string): string {
  let [high, low]: readonly [number, number] = offset;
  for (const byte of Buffer.from(text)) {
    const product = low * primeLow;
    high = (high * primeLow + Math.floor(product / half) + ((low << 8) >>> 0)) % half;
    low = ((product >>> 0) ^ byte) >>> 0;
  }
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(high);
  bytes.writeUInt32BE(low, 4);
  return bytes.subarray(0, 6).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

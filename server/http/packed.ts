import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';

/** Bytes that are kept in gzip: what clients accept as it is, and a twentieth of the memory. */
export interface Packed {
  readonly gzip: Uint8Array;
  /** Of what it holds. */
  readonly length: number;
}

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);
const level = constants.Z_BEST_SPEED;

/** Off the main thread. */
export async function pack(bytes: Uint8Array): Promise<Packed> {
  return { gzip: await gzipAsync(bytes, { level }), length: bytes.length };
}

export function packNow(bytes: Uint8Array): Packed {
  return { gzip: gzipSync(bytes, { level }), length: bytes.length };
}

export function unpack({ gzip: bytes }: Packed): Promise<Uint8Array> {
  return gunzipAsync(bytes);
}

export function unpackNow({ gzip: bytes }: Packed): Uint8Array {
  return gunzipSync(bytes);
}

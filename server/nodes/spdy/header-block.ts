import { constants, createInflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

/** Names in lower case. */
export type SpdyHeaders = Readonly<Record<string, string>>;

/** Nobody needs longer headers for a stream. */
const maxBlockBytes = 256 * 1024;

/** The blocks of one direction are one zlib stream: they must be read in order, one after the other. */
export function createHeaderReader(): { read(block: Uint8Array): Promise<SpdyHeaders>; close(): void } {
  const inflate = createInflate({ dictionary: headerDictionary(), flush: constants.Z_SYNC_FLUSH });
  let chunks: Buffer[] = [];
  let length = 0;
  let failure: Error | undefined;
  inflate.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBlockBytes) inflate.destroy(new Error('header block too large'));
    else chunks.push(chunk);
  });
  inflate.on('error', (error) => {
    failure = error;
  });
  const read = (block: Uint8Array): Promise<SpdyHeaders> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(failure ?? new Error('header block cannot be read'));
      inflate.once('close', fail);
      inflate.write(block, (error) => {
        inflate.off('close', fail);
        const bytes = Buffer.concat(chunks);
        chunks = [];
        length = 0;
        if (error !== null && error !== undefined) fail();
        else resolve(parsed(bytes));
      });
    });
  return { read, close: () => inflate.destroy() };
}

function parsed(bytes: Buffer): SpdyHeaders {
  const headers: Record<string, string> = {};
  let at = 4;
  const next = (): string => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    if (at > bytes.length) throw new Error('header block is cut off');
    return bytes.toString('latin1', at - length, at);
  };
  for (let left = bytes.readUInt32BE(0); left > 0; left--) {
    const name = next().toLowerCase();
    headers[name] = next().split('\0')[0] ?? '';
  }
  return headers;
}

const maxStored = 0xffff;
/** Nothing, stored: until it comes Go's reader holds back what was before. */
const flushed = Buffer.from([0, 0, 0, 0xff, 0xff]);

/** Blocks as zlib reads them, but stored as they are: a few dozen bytes are not worth a compressor for each connection. */
export function createHeaderWriter(): { write(headers: SpdyHeaders): Buffer } {
  let isFirst = true;
  return {
    write(headers) {
      const entries = Object.entries(headers);
      const count = Buffer.alloc(4);
      count.writeUInt32BE(entries.length);
      const block = Buffer.concat([count, ...entries.flatMap(([name, value]) => [counted(name), counted(value)])]);
      if (block.length > maxStored) throw new Error('header block too large');
      const stored = Buffer.alloc(5);
      stored.writeUInt16LE(block.length, 1);
      stored.writeUInt16LE(~block.length & maxStored, 3);
      const start = isFirst ? Buffer.from([0x78, 0x01]) : Buffer.alloc(0);
      isFirst = false;
      return Buffer.concat([start, stored, block, flushed]);
    },
  };
}

function counted(text: string): Buffer {
  const bytes = Buffer.alloc(4 + Buffer.byteLength(text));
  bytes.writeUInt32BE(bytes.length - 4);
  bytes.write(text, 4);
  return bytes;
}

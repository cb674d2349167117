import { inflateRawSync } from 'node:zlib';

const endRecord = 0x06054b50;
const centralEntry = 0x02014b50;
const stored = 0;
const deflated = 8;

/** The files of a zip archive by name, unpacked when asked for. No encryption, no archives above 4 GiB. */
export function zipEntries(archive: Buffer): Map<string, () => Buffer> {
  let end = archive.length - 22;
  while (end >= 0 && archive.readUInt32LE(end) !== endRecord) end--;
  if (end < 0) throw new Error('not a zip archive');
  const entries = new Map<string, () => Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== centralEntry) throw new Error('the directory of the zip archive is broken');
    const method = archive.readUInt16LE(at + 10);
    const size = archive.readUInt32LE(at + 20);
    const nameLength = archive.readUInt16LE(at + 28);
    const header = archive.readUInt32LE(at + 42);
    entries.set(archive.toString('utf8', at + 46, at + 46 + nameLength), () => unpack(archive, header, size, method));
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function unpack(archive: Buffer, header: number, size: number, method: number): Buffer {
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const bytes = archive.subarray(start, start + size);
  if (method === stored) return bytes;
  if (method === deflated) return inflateRawSync(bytes);
  throw new Error(`zip compression method ${method} is not supported`);
}

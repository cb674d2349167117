/** One frame, or a part of a data frame: long ones are handed on as they come. */
export type Frame =
  | { readonly kind: 'control'; readonly type: number; readonly flags: number; readonly body: Buffer }
  | { readonly kind: 'data'; readonly streamId: number; readonly bytes: Buffer; readonly isLast: boolean };

export const finFlag = 0x01;
const headBytes = 8;
const controlBit = 0x80000000;
const maxControlBytes = 256 * 1024;

interface Cut {
  /** Undefined: the head alone, whose body follows. */
  readonly frame: Frame | undefined;
  readonly rest: Buffer;
}

/** Cuts a byte stream into frames. */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  const cutter = createCutter();
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let cut = cutter(pending); cut !== undefined; cut = cutter(pending)) {
      pending = cut.rest;
      if (cut.frame !== undefined) yield cut.frame;
    }
  }
}

/** Takes the next frame off what has come; undefined: more must come first. */
function createCutter(): (pending: Buffer) => Cut | undefined {
  let data: { readonly streamId: number; readonly isFin: boolean; readonly left: number } | undefined;
  const cutData = (pending: Buffer, { streamId, isFin, left }: NonNullable<typeof data>): Cut | undefined => {
    const bytes = pending.subarray(0, left);
    if (bytes.length === 0 && left > 0) return undefined;
    const isDone = bytes.length === left;
    data = isDone ? undefined : { streamId, isFin, left: left - bytes.length };
    return { frame: { kind: 'data', streamId, bytes, isLast: isDone && isFin }, rest: pending.subarray(bytes.length) };
  };
  return (pending) => {
    if (data !== undefined) return cutData(pending, data);
    if (pending.length < headBytes) return undefined;
    const first = pending.readUInt32BE(0);
    const flags = pending.readUInt8(4);
    const length = pending.readUIntBE(5, 3);
    if (first < controlBit) {
      data = { streamId: first, isFin: (flags & finFlag) !== 0, left: length };
      return { frame: undefined, rest: pending.subarray(headBytes) };
    }
    if (length > maxControlBytes) throw new Error('control frame too large');
    if (pending.length < headBytes + length) return undefined;
    const body = pending.subarray(headBytes, headBytes + length);
    return {
      frame: { kind: 'control', type: first & 0xffff, flags, body },
      rest: pending.subarray(headBytes + length),
    };
  };
}

export function dataFrame(streamId: number, bytes: Uint8Array, isLast: boolean): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + bytes.length);
  frame.writeUInt32BE(streamId, 0);
  frame.writeUInt8(isLast ? finFlag : 0, 4);
  frame.writeUIntBE(bytes.length, 5, 3);
  frame.set(bytes, headBytes);
  return frame;
}

export function controlFrame(type: number, numbers: readonly number[], rest: Uint8Array = Buffer.alloc(0)): Buffer {
  const length = numbers.length * 4 + rest.length;
  const frame = Buffer.alloc(headBytes + length);
  frame.writeUInt16BE(0x8003, 0);
  frame.writeUInt16BE(type, 2);
  frame.writeUIntBE(length, 5, 3);
  for (const [index, number] of numbers.entries()) frame.writeUInt32BE(number, headBytes + index * 4);
  frame.set(rest, headBytes + numbers.length * 4);
  return frame;
}

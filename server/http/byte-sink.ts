/** One growing buffer: what is joined of many small pieces leaves no holes in the memory of the process. */
export interface ByteSink {
  readonly length: number;
  write(piece: Uint8Array | string, encoding?: 'utf8' | 'latin1'): void;
  /** What was written; the sink must not be used any more. */
  bytes(): Buffer;
}

const firstBytes = 64 * 1024;

export function createByteSink(): ByteSink {
  let buffer = Buffer.allocUnsafeSlow(firstBytes);
  let at = 0;
  const reserve = (more: number): void => {
    if (at + more <= buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + more));
    buffer.copy(grown, 0, 0, at);
    buffer = grown;
  };
  return {
    get length() {
      return at;
    },
    write(piece, encoding = 'utf8') {
      if (typeof piece !== 'string') {
        reserve(piece.length);
        buffer.set(piece, at);
        at += piece.length;
        return;
      }
      reserve(encoding === 'latin1' ? piece.length : Buffer.byteLength(piece));
      at += buffer.write(piece, at, encoding);
    },
    bytes: () => buffer.subarray(0, at),
  };
}

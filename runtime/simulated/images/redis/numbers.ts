import type { ByteText } from '../../../files/file-tree.ts';
import { RedisError } from './resp.ts';

/** Throws RedisError. */
export function integerOf(text: ByteText): number {
  if (!/^[-+]?\d{1,18}$/.test(text)) throw new RedisError('ERR value is not an integer or out of range');
  return Number(text);
}

export function floatOf(text: ByteText): number {
  if (/^[-+]?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (text.trim() === '' || Number.isNaN(Number(text))) throw new RedisError('ERR value is not a valid float');
  return Number(text);
}

/** From first to last, where negative ones count from the end; as `slice` takes them. */
export function rangeOf(length: number, start: number, stop: number): readonly [from: number, to: number] {
  const from = start < 0 ? Math.max(0, length + start) : start;
  const to = (stop < 0 ? length + stop : Math.min(stop, length - 1)) + 1;
  return [from, Math.max(from, to)];
}

/** `*`, `?` and `[…]`. */
export function globOf(pattern: ByteText): RegExp {
  const source = pattern.replaceAll(/\\?[\s\S]/g, (piece) => {
    if (piece === '*') return '[\\s\\S]*';
    if (piece === '?') return '[\\s\\S]';
    if (piece === '[' || piece === ']' || piece === '-' || piece === '^') return piece;
    return piece.replace(/^\\/, '').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

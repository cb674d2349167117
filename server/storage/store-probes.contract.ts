import type { Test } from 'tap';
import { type Change, type Encode, StorageError, type StorageErrorCode } from './store.ts';

/** Bytes that carry their revision, as objects do. */
export function body(text: string): Encode {
  return (revision) => Buffer.from(JSON.stringify({ revision, text }));
}

export function textOf(stored: { readonly value: Uint8Array } | undefined): string | undefined {
  return stored === undefined ? undefined : JSON.parse(Buffer.from(stored.value).toString()).text;
}

export async function failsWith(t: Test, code: StorageErrorCode, action: () => Promise<unknown>): Promise<void> {
  const error = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StorageError) t.equal(error.code, code);
  else t.fail(`expected ${code}, got ${String(error)}`);
}

export async function collect(pieces: AsyncIterable<readonly Change[]>): Promise<Change[]> {
  const all: Change[] = [];
  for await (const piece of pieces) all.push(...piece);
  return all;
}

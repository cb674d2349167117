import type { FieldError } from '../field-error.ts';
import type { Structural } from './structural.ts';

/** Types the metadata of an object: `decoder.decode('io.k8s…ObjectMeta', …)`. Throws DecodeError. */
export type DecodeMetadata = (metadata: unknown) => {
  readonly object: Record<string, unknown>;
  readonly unknown: readonly string[];
};

export interface CoerceOptions {
  /** Malformed metadata is dropped instead of refused: objects read from the store. Default false. */
  readonly dropInvalid?: boolean;
}

export interface Coerced {
  /** Upstream answers BadRequest with this error's text. */
  readonly error?: FieldError;
  /** Unknown fields of embedded metadata, sorted. */
  readonly unknown: readonly string[];
}

/** Types apiVersion, kind and metadata of the embedded resources inside of an object, in place; the object's own are not looked at. */
export function coerceEmbedded(
  _object: unknown,
  _structural: Structural,
  _decode: DecodeMetadata,
  _options: CoerceOptions = {},
): Coerced {
  return { unknown: [] };
}

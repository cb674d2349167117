import { JsonNumber } from './json-exact.ts';

/** YAML that cannot be read, in the words of Go's decoder. */
export class YamlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'YamlError';
  }
}

const tagPrefix = 'tag:yaml.org,2002:';
const words = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((w) => [w, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((w) => [w, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((w) => [w, null] as const),
]);
const specials = new Map<string, number>([
  ...['.nan', '.NaN', '.NAN'].map((w) => [w, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((w) => [w, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((w) => [w, Number.NEGATIVE_INFINITY] as const),
]);
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
// Times stay the text they are, and so must not be taken for something else.
const time = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt ])/;

export type YamlScalar = string | boolean | null | number | bigint;
type Resolved = readonly [tag: string, value: YamlScalar];

function parseInteger(text: string): bigint | undefined {
  const parts = integer.exec(text.replaceAll('_', ''));
  if (parts === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = parts;
  const magnitude = BigInt(
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : (decimal ?? '0'),
  );
  const value = sign === '-' ? -magnitude : magnitude;
  return value >= -(2n ** 63n) && value < 2n ** 64n ? value : undefined;
}

/** What a plain scalar means. Integers are bigints, floats numbers, so that both can be told apart. */
function resolvePlain(text: string): Resolved {
  const word = words.get(text);
  if (word !== undefined) return [word === null ? 'null' : 'bool', word];
  const special = specials.get(text);
  if (special !== undefined) return ['float', special];
  if (!/^[-+.0-9]/.test(text) || time.test(text)) return ['str', text];
  const whole = parseInteger(text);
  if (whole !== undefined) return ['int', whole];
  const plain = text.replaceAll('_', '');
  return float.test(plain) ? ['float', Number(plain)] : ['str', text];
}

function decodeBinary(text: string): string {
  let bytes: string;
  try {
    bytes = atob(text);
  } catch {
    // Whatever is wrong with it, upstream has one text.
    throw new YamlError('yaml: !!binary value contains invalid base64 data');
  }
  return new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
}

/** Resolves a scalar as YAML 1.1 with Go's table does: `yes` is a boolean, `010` is 8, `1:30` is text. */
export function resolveScalar(text: string, plain: boolean, tag: string | undefined): YamlScalar {
  const short = tag?.startsWith(tagPrefix) ? tag.slice(tagPrefix.length) : undefined;
  if (short === 'str' || (short === undefined && !plain)) return text;
  if (short === 'binary') return decodeBinary(text);
  if (tag !== undefined && !['bool', 'int', 'float', 'null', 'timestamp'].includes(short ?? '')) return text;
  const [found, value] = plain || short !== undefined ? resolvePlain(text) : (['str', text] as const);
  if (short === undefined || short === found || short === 'timestamp') return value;
  if (short === 'float' && found === 'int') return Number(value);
  throw new YamlError(`yaml: cannot decode !!${found} \`${text}\` as a !!${short}`);
}

/** The scalar as the JSON in between holds it. */
export function jsonScalar(value: YamlScalar): unknown {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : new JsonNumber(String(value));
  }
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    throw new YamlError(`json: unsupported value: ${text}`);
  }
  return Number.isSafeInteger(value) ? value : new JsonNumber(String(value));
}

/** A key as JSON spells it. */
export function jsonKey(value: YamlScalar): string {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return '.nan';
    if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
    // Upstream prints keys with the precision of a float32.
    return String(Number(Math.fround(value).toPrecision(7)));
  }
  return String(value);
}

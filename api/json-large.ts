/** JSON.parse and JSON.stringify of today know integers of any length; the type library does not yet. */
interface LargeJson {
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

const json = JSON as unknown as LargeJson;
const longNumber = /[0-9]{16}/;
const integer = /^-?[0-9]+$/;

function exact(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  return integer.test(source) ? BigInt(source) : value;
}

/** Stored JSON: integers that a double would change become bigints. Texts without long numbers cost no more than JSON.parse. */
export function parseLarge(text: string): unknown {
  return longNumber.test(text) ? json.parse(text, exact) : (JSON.parse(text) as unknown);
}

function spelled(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? json.rawJSON(String(value)) : value;
}

/** Bigints are written as the integers they are. */
export function stringifyLarge(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (error instanceof TypeError && error.message.includes('BigInt')) return JSON.stringify(value, spelled, indent);
    throw error;
  }
}

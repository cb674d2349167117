type JsonObject = Readonly<Record<string, unknown>>;

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const item of Object.values(value)) if (item !== undefined && item !== null) return false;
  return true;
}

/**
 * Deep equality of JSON values as upstream's Semantic.DeepEqual sees them: what is absent, null, [] or {} is the same,
 * the order of properties does not matter, that of items does.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return isEmpty(a) && isEmpty(b) ? true : Number.isNaN(a) && Number.isNaN(b);
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return isEmpty(a) && isEmpty(b);
    return a.length === b.length && a.every((item, i) => semanticEqual(item, b[i]));
  }
  return equalProperties(a as JsonObject, b as JsonObject);
}

function equalProperties(a: JsonObject, b: JsonObject): boolean {
  for (const key of Object.keys(a)) if (!semanticEqual(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (!(key in a) && !isEmpty(b[key])) return false;
  return true;
}

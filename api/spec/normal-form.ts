import { createHash } from 'node:crypto';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What two OpenAPI documents must agree on: everything but texts. Keys and `required` are sorted, descriptions left out, and an allOf that
 * only wrapped a reference to carry a description is the reference itself.
 */
export function normalForm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalForm);
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const child = value[key];
    // A property named `description` is an object.
    if (key === 'description' && typeof child === 'string') continue;
    result[key] = key === 'required' && Array.isArray(child) ? [...child].sort() : normalForm(child);
  }
  const { allOf } = result;
  return Array.isArray(allOf) && allOf.length === 1 && Object.keys(result).length === 1 ? allOf[0] : result;
}

export function digest(document: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(normalForm(document)))
    .digest('hex');
}

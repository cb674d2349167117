/** A deep copy of what JSON can say (and bigints). Several times as fast as structuredClone, which first writes its copy down. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const copy = { ...value } as Record<string, unknown>;
  for (const key in copy) {
    const inner = copy[key];
    if (typeof inner === 'object' && inner !== null) copy[key] = cloneJson(inner);
  }
  return copy as T;
}

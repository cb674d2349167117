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

/** The same, without what is undefined: what would arrive over a wire. */
export function cloneSent<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneSent) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) if (inner !== undefined) copy[key] = cloneSent(inner);
  return copy as T;
}

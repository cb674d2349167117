const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/** FNV-1a of UTF-8 bytes, 32 bits; `from` continues an earlier one. */
export function fnv32a(text: string, from: number = offsetBasis): number {
  let hash = from;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, prime) >>> 0;
  return hash;
}

/** FNV-1, which multiplies before it mixes: what names revisions. */
export function fnv32(text: string): number {
  let hash = offsetBasis;
  for (const byte of new TextEncoder().encode(text)) hash = (Math.imul(hash, prime) ^ byte) >>> 0;
  return hash;
}

/** No vowels, and nothing that looks like one: no words arise. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** The same text in letters that generated names are made of. */
export function safeEncode(text: string): string {
  return Array.from(text, (character) => letters[(character.codePointAt(0) ?? 0) % letters.length]).join('');
}

/** JSON that does not depend on the order of properties. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    const entries = Object.entries(item).filter(([, child]) => child !== undefined && child !== null);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * What names the objects made from a template. Only names depend on it: what was made from which template is found by comparing templates,
 * so it need not be the number that other implementations compute.
 */
export function templateHash(template: unknown, collisionCount?: number): string {
  const hash = fnv32a(canonicalJson(template));
  const salted = collisionCount === undefined ? hash : fnv32a(`#${collisionCount}`, hash);
  return safeEncode(String(salted));
}

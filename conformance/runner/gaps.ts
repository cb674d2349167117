import { readFileSync } from 'node:fs';

/** What our server is known not to do: case id, or table and step -> reason. */
export type Gaps = Readonly<Record<string, string>>;

export function readGaps(file: string): Gaps {
  return JSON.parse(readFileSync(file, 'utf8')) as Gaps;
}

/** `table: step`; cases have no colon. */
export function isTableStep(id: string): boolean {
  return id.includes(': ');
}

function covers(key: string, id: string): boolean {
  if (key === id) return true;
  if (!key.includes('*') || isTableStep(key)) return false;
  const parts = key.split('*').map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`).test(id);
}

/** A key for cases may hold `*` for anything between two slashes. */
export function gapsOf(ids: readonly string[], gaps: Gaps): Record<string, string> {
  const keys = Object.keys(gaps).filter((key) => key.includes('*') && !isTableStep(key));
  const found: Record<string, string> = {};
  for (const id of ids) {
    const reason = gaps[id] ?? gaps[keys.find((key) => covers(key, id)) ?? ''];
    if (reason !== undefined) found[id] = reason;
  }
  return found;
}

/** Keys that name nothing that exists. */
export function unknownGaps(ids: readonly string[], gaps: Gaps): string[] {
  const known = new Set(ids);
  return Object.keys(gaps).filter((key) => !known.has(key) && !ids.some((id) => covers(key, id)));
}

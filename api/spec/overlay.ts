import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** One file of the authored overlay: what the client package does not carry. */
export function readOverlay(name: string): unknown {
  return parse(readFileSync(new URL(`./overlay/${name}`, import.meta.url), 'utf8'));
}

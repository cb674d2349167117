import { readOverlay } from './overlay.ts';
import { fullTypeName } from './type-names.ts';

/** One row of overlay/properties.yaml. */
export interface PropertyRow {
  readonly list?: string | null;
  readonly keys?: string[];
  readonly patch?: string;
  readonly mergeKey?: string;
  readonly default?: unknown;
  readonly ref?: string;
  readonly mapType?: string;
  readonly enum?: string[];
  readonly itemsEnum?: string[];
}

/** By type, then by property. */
export type PropertyRows = Readonly<Record<string, Readonly<Record<string, PropertyRow>>>>;

export function readPropertyRows(): PropertyRows {
  const rows = readOverlay('properties.yaml') as PropertyRows;
  return Object.fromEntries(Object.entries(rows).map(([type, row]) => [fullTypeName(type), row]));
}

import type { Schema } from './openapi.ts';
import { readOverlay } from './overlay.ts';

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

export type PropertyRows = Readonly<Record<string, Readonly<Record<string, PropertyRow>>>>;

export function readPropertyRows(): PropertyRows {
  const rows = readOverlay('properties.yaml') as PropertyRows;
  return Object.fromEntries(
    Object.entries(rows).map(([type, row]) => [type.startsWith('io.') ? type : `io.k8s.api.${type}`, row]),
  );
}

function addEnum(schema: Schema | undefined, values: string[] | undefined): void {
  if (schema === undefined || values === undefined || schema.enum !== undefined) return;
  schema.enum = values;
}

/** Closed sets of values: a live server publishes them, the documents in the official repository leave them out. */
export function addEnums(schemas: Readonly<Record<string, Schema>>, rows: PropertyRows): void {
  for (const [type, schema] of Object.entries(schemas)) {
    for (const [name, row] of Object.entries(rows[type] ?? {})) {
      const property = schema.properties?.[name];
      if (property === undefined) continue;
      if (row.enum !== undefined && property.enum === undefined) {
        const text = `Possible enum values:\n${row.enum.map((v) => ` - \`${JSON.stringify(v)}\``).join('\n')}`;
        property.description = property.description === undefined ? text : `${property.description}\n\n${text}`;
      }
      addEnum(property, row.enum);
      const { items, additionalProperties: values } = property;
      addEnum(items ?? (typeof values === 'object' ? values : undefined), row.itemsEnum);
    }
  }
}

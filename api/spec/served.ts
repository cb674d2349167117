import { type Content, type Document, methods, type Operation, type Schema } from '../openapi.ts';
import { type PropertyRows, readPropertyRows } from './properties.ts';

function addEnum(schema: Schema | undefined, values: string[] | undefined): void {
  if (schema === undefined || values === undefined || schema.enum !== undefined) return;
  schema.enum = values;
}

/** Closed sets of values: a live server publishes them, the documents in the official repository leave them out. */
function addEnums(schemas: Readonly<Record<string, Schema>>, rows: PropertyRows): void {
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

// CBOR is behind a feature gate that a stock server leaves off.
function dropCbor(content: Content | undefined): void {
  for (const type of Object.keys(content ?? {})) {
    if (type.includes('cbor')) delete content?.[type];
  }
}

function dropCborOf(operation: Operation): void {
  dropCbor(operation.requestBody?.content);
  for (const response of Object.values(operation.responses)) dropCbor(response.content);
}

/** Turns a document of the official repository's form into what a stock server publishes. `release` is `v1.36.3`. */
export function toServed(document: Document, release: string, rows: PropertyRows = readPropertyRows()): Document {
  const served = structuredClone(document);
  served.info.version = release.replace(/^v(\d+\.\d+).*$/, '$1');
  addEnums(served.components.schemas ?? {}, rows);
  for (const item of Object.values(served.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation !== undefined) dropCborOf(operation);
    }
  }
  return served;
}

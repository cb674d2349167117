/** The part of OpenAPI 3.0 that Kubernetes uses. */
export interface Schema {
  description?: string;
  type?: string;
  format?: string;
  default?: unknown;
  enum?: string[];
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  uniqueItems?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-unions'?: unknown[];
  'x-kubernetes-group-version-kind'?: GroupVersionKindObject[];
  [extension: `x-${string}`]: unknown;
}

export interface GroupVersionKindObject {
  group: string;
  kind: string;
  version: string;
}

export interface Parameter {
  description?: string;
  in: string;
  name: string;
  required?: boolean;
  schema?: Schema;
}

export interface Content {
  [mediaType: string]: { schema?: Schema };
}

export interface Operation {
  description?: string;
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: { content: Content; required?: boolean };
  responses: Record<string, { description?: string; content?: Content }>;
  tags?: string[];
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: GroupVersionKindObject;
}

export const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;
export type Method = (typeof methods)[number];

export type PathItem = { parameters?: Parameter[] } & { [method in Method]?: Operation };

export interface Document {
  components: { schemas?: Record<string, Schema>; securitySchemes?: Record<string, unknown> };
  info: { title: string; version: string };
  openapi: string;
  paths: Record<string, PathItem>;
}

/** Documents by their path below /openapi/v3: `api/v1`, `apis/apps/v1`, `version` … */
export type Documents = Map<string, Document>;

const refPrefix = '#/components/schemas/';

export function refTo(name: string): string {
  return refPrefix + name;
}

/** The type that a schema refers to, directly or wrapped in allOf (as properties with a description or default are). */
export function referenced(schema: Schema): string | undefined {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return ref?.startsWith(refPrefix) ? ref.slice(refPrefix.length) : undefined;
}

/** All schemas of all documents by name; a name means the same type everywhere, only its list of kinds may differ. */
export function allSchemas(documents: Documents): Map<string, Schema> {
  const all = new Map<string, Schema>();
  for (const document of documents.values()) {
    for (const [name, schema] of Object.entries(document.components.schemas ?? {})) {
      if (!all.has(name)) all.set(name, schema);
    }
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `api/v1` is stored as `api__v1_openapi.json`, as in the official repository. */
export function fileNameOf(documentPath: string): string {
  return `${documentPath.replace(/\/$/, '').replaceAll('/', '__')}_openapi.json`;
}

export function documentPathOf(fileName: string): string {
  return fileName.replace(/_openapi\.json$/, '').replaceAll('__', '/');
}

/** `api/generated/openapi/index.json`: which documents there are, by their path below /openapi/v3. */
export interface DocumentIndex {
  readonly release: string;
  readonly documents: Readonly<Record<string, { readonly file: string; readonly hash: string }>>;
}

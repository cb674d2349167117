import { createHash } from 'node:crypto';
import { type Document, type PathItem, refTo, type Schema } from '../../api/openapi.ts';
import type { ExtraDocument } from './openapi.ts';
import { customResourcePaths } from './openapi-crd-paths.ts';
import { kindsInClientVersions } from './openapi-v2-kinds.ts';

/** What OpenAPI needs to know of one served version of a CustomResourceDefinition. */
export interface CustomResourceShape {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly status: boolean;
  readonly scale: boolean;
  /** Paths of selectable fields, without their leading dots. */
  readonly selectableFields?: readonly string[];
  /** `openAPIV3Schema`; absent: anything. */
  readonly schema?: Schema;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const model = 'io.k8s.api.apps.v1.StatefulSet';

/** `com.example.stable.v1.CronTab` for stable.example.com/v1 CronTab. */
export function customResourceTypeName(shape: Pick<CustomResourceShape, 'group' | 'version' | 'kind'>): string {
  return `${shape.group.split('.').toReversed().join('.')}.${shape.version}.${shape.kind}`;
}

/**
 * The document of a group-version of custom resources. `template` is the document of apps/v1: paths are made after those
 * of stateful sets, which have all that a custom resource can have.
 */
export function customResourceDocument(shapes: readonly CustomResourceShape[], template: Document): Document {
  const paths: Record<string, PathItem> = {};
  const own: Record<string, Schema> = {};
  for (const shape of [...shapes].sort((a, b) => (a.plural < b.plural ? -1 : 1))) {
    Object.assign(paths, customResourcePaths(shape, template, customResourceTypeName(shape)));
    Object.assign(own, ownSchemas(shape, template));
  }
  const schemas = { ...own, ...sharedSchemas([paths, own], template) };
  const sorted = Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: Object.fromEntries(sorted) },
  };
}

/**
 * One document a group-version, made when it is asked for: the hash is that of what it is made of, so that an index of
 * thousands costs nothing. `readTemplate` reads the document of apps/v1.
 */
export function customResourceDocuments(
  shapes: readonly CustomResourceShape[],
  readTemplate: () => Promise<Document>,
): ExtraDocument[] {
  const byPath = new Map<string, CustomResourceShape[]>();
  for (const shape of shapes) {
    const path = `apis/${shape.group}/${shape.version}`;
    byPath.set(path, [...(byPath.get(path) ?? []), shape]);
  }
  return [...byPath].map(([path, own]) => ({
    path,
    hash: createHash('sha512').update(JSON.stringify(own)).digest('hex').toUpperCase(),
    read: async () => Buffer.from(JSON.stringify(customResourceDocument(own, await readTemplate()))),
  }));
}

/** The texts of apiVersion and kind are those of built-in kinds. */
function typeMeta(template: Document): Record<string, Schema> {
  const { apiVersion = {}, kind = {} } = template.components.schemas?.[model]?.properties ?? {};
  return { apiVersion, kind };
}

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
const metadataTexts = {
  ObjectMeta: `Standard object's metadata. More info: ${conventions}#metadata`,
  ListMeta: `Standard list metadata. More info: ${conventions}#types-kinds`,
} as const;

function metadata(type: 'ObjectMeta' | 'ListMeta'): Schema {
  return { description: metadataTexts[type], allOf: [{ $ref: refTo(`${meta}.${type}`) }] };
}

function ownSchemas(shape: CustomResourceShape, template: Document): Record<string, Schema> {
  const { group, version, kind, listKind, plural } = shape;
  const name = customResourceTypeName(shape);
  const { properties = {}, ...rest } = shape.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const users = Object.entries(properties).map(([key, value]) => [key, complete(value, template)] as const);
  const fields = (shape.selectableFields ?? []).map((fieldPath) => ({ fieldPath }));
  const selectable = fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields };
  const object: Schema = {
    ...rest,
    properties: sortedByKey({
      ...Object.fromEntries(users),
      ...typeMeta(template),
      metadata: metadata('ObjectMeta'),
    }),
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
    ...selectable,
  };
  const list: Schema = {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: sortedByKey({
      ...typeMeta(template),
      items: {
        description: `List of ${plural}. More info: ${conventions}`,
        type: 'array',
        items: { $ref: refTo(name) },
      },
      metadata: metadata('ListMeta'),
    }),
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
    ...selectable,
  };
  return { [name]: object, [customResourceTypeName({ group, version, kind: listKind })]: list };
}

function sortedByKey<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Spells out what two extensions mean: integers or strings, and whole objects inside an object. */
function complete(schema: Schema, template: Document): Schema {
  const { properties, items, additionalProperties: values, ...rest } = schema;
  const result: Schema = { ...rest };
  if (items !== undefined) result.items = complete(items, template);
  if (values !== undefined) {
    result.additionalProperties = typeof values === 'object' ? complete(values, template) : values;
  }
  if (properties !== undefined) {
    result.properties = Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, complete(v, template)]));
  }
  if (schema['x-kubernetes-int-or-string'] === true && !('anyOf' in schema)) {
    Object.assign(result, { anyOf: [{ type: 'integer' }, { type: 'string' }] });
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    result.properties = { ...result.properties, ...typeMeta(template), metadata: metadata('ObjectMeta') };
    result.required = [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])];
  }
  return result;
}

function sharedSchemas(roots: readonly object[], template: Document): Record<string, Schema> {
  const all = template.components.schemas ?? {};
  const names = new Set<string>();
  const visit = (value: object) => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      names.add(name);
  };
  for (const root of roots) visit(root);
  const found: Record<string, Schema> = {};
  // A Set's iteration reaches what is added on the way.
  for (const name of names) {
    const schema = all[name];
    if (schema === undefined) continue;
    visit(schema);
    const kind = name === `${meta}.DeleteOptions` ? 'DeleteOptions' : undefined;
    found[name] =
      kind === undefined ? schema : { ...schema, 'x-kubernetes-group-version-kind': kindsInClientVersions(kind) };
  }
  return found;
}

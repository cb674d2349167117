import {
  type Content,
  type Document,
  methods,
  type Operation,
  type Parameter,
  type PathItem,
  refTo,
  type Schema,
} from '../../api/openapi.ts';
import { kindsInAllVersions } from './openapi-v2-kinds.ts';
import { parameterHash } from './openapi-v2-parameters.ts';

/** An OpenAPI v2 document under construction: plain JSON. */
export interface Swagger {
  swagger: '2.0';
  info: { title: string; version: string };
  paths: Record<string, SwaggerPathItem>;
  definitions: Record<string, Schema>;
  parameters: Record<string, SwaggerParameter>;
  securityDefinitions: Record<string, object>;
  security: readonly Record<string, readonly string[]>[];
}

export interface SwaggerParameter {
  readonly uniqueItems?: boolean;
  readonly type?: string;
  readonly description?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

export interface SwaggerReference {
  readonly $ref: string;
}

export interface SwaggerOperation {
  readonly description?: string;
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
  readonly schemes: readonly string[];
  readonly tags?: readonly string[];
  readonly operationId?: string;
  readonly parameters?: readonly (SwaggerParameter | SwaggerReference)[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema?: Schema }>>;
  readonly [extension: `x-${string}`]: unknown;
}

export type SwaggerPathItem = {
  [method in (typeof methods)[number]]?: SwaggerOperation;
} & { parameters?: (SwaggerParameter | SwaggerReference)[] };

export function emptySwagger(version: string): Swagger {
  const bearer = { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' };
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: {},
    definitions: {},
    parameters: {},
    securityDefinitions: { BearerToken: bearer },
    security: [{ BearerToken: [] }],
  };
}

/** Adds what one v3 document describes. Types that several documents have are the same in all. */
export function addDocument(swagger: Swagger, document: Document): void {
  for (const [name, schema] of Object.entries(document.components.schemas ?? {})) {
    const known = swagger.definitions[name];
    if (known !== undefined) continue;
    const added = definition(schema);
    swagger.definitions[name] = added;
    const kind = /\.meta\.v1\.(DeleteOptions|WatchEvent)$/.exec(name)?.[1];
    if (kind !== undefined) added[kindsKey] = kindsInAllVersions(kind);
  }
  for (const [path, item] of Object.entries(document.paths)) swagger.paths[path] = pathItem(swagger, path, item);
}

/** Everything in the order in which it is published. */
export function sortedSwagger(swagger: Swagger): Swagger {
  const sorted = <T>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    ...swagger,
    paths: sorted(swagger.paths),
    definitions: sorted(swagger.definitions),
    parameters: sorted(swagger.parameters),
  };
}

const kindsKey = 'x-kubernetes-group-version-kind';

// v2 has no oneOf: numbers written as strings are strings.
function definition(schema: Schema): Schema {
  const { oneOf, ...rest } = schema;
  const kinds = schema[kindsKey];
  if (kinds !== undefined && schema['x-kubernetes-preserve-unknown-fields'] === true) {
    return { type: 'object', [kindsKey]: kinds };
  }
  return oneOf === undefined || kinds !== undefined ? convertSchema(schema) : { ...rest, type: 'string' };
}

const leftOut: ReadonlySet<string> = new Set(['default', 'nullable', 'oneOf', 'anyOf', 'allOf', 'not']);

/** kubectl's model of v2 has no values without a type that have members: such schemas lose both. */
function withoutUnsupported(schema: Schema): Schema {
  const isNullable = schema['nullable' as keyof Schema] === true;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (!isNullable && !isOpen) return schema;
  const { items: _, properties: __, type, required, ...rest } = schema;
  const isTyped = !isNullable && type !== undefined && type !== 'object' && type !== 'array';
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const kept = required === undefined || isEmbedded ? rest : { ...rest, required };
  return isTyped ? { ...kept, type } : kept;
}

function convertSchema(schema: Schema): Schema {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  const result: Schema = {};
  for (const [key, value] of Object.entries(withoutUnsupported(schema))) {
    if (!leftOut.has(key)) Object.assign(result, { [key]: convertMember(key, value) });
  }
  if (ref !== undefined) result.$ref = ref.replace(refTo(''), '#/definitions/');
  return withoutNullableRequired(schema, result);
}

function withoutNullableRequired(schema: Schema, result: Schema): Schema {
  const nullable = Object.entries(schema.properties ?? {}).filter(([, s]) => 'nullable' in s && s.nullable === true);
  if (result.required === undefined || nullable.length === 0) return result;
  const names = new Set(nullable.map(([name]) => name));
  const { required, ...rest } = result;
  const left = required.filter((name) => !names.has(name));
  return left.length === 0 ? rest : { ...rest, required: left };
}

function convertMember(key: string, value: unknown): unknown {
  if (key === 'properties') {
    return Object.fromEntries(Object.entries(value as Record<string, Schema>).map(([k, v]) => [k, convertSchema(v)]));
  }
  const isSchema = (key === 'items' || key === 'additionalProperties') && typeof value === 'object';
  return isSchema ? convertSchema(value as Schema) : value;
}

const mediaTypes = [
  '*/*',
  'text/plain',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

function typesOf(content: Content | undefined): string[] {
  return Object.keys(content ?? {}).sort((a, b) => mediaTypes.indexOf(a) - mediaTypes.indexOf(b));
}

function schemaOf(content: Content | undefined): Schema | undefined {
  const schema = Object.values(content ?? {})[0]?.schema;
  return schema === undefined ? undefined : convertSchema(schema);
}

function convertParameter({ schema, description, name, in: place, required }: Parameter): SwaggerParameter {
  return {
    ...(schema?.uniqueItems === undefined ? {} : { uniqueItems: schema.uniqueItems }),
    ...(schema?.type === undefined ? {} : { type: schema.type }),
    ...(description === undefined ? {} : { description }),
    name,
    in: place,
    ...(required === undefined ? {} : { required }),
  };
}

// Old clients look for dryRun and fieldValidation in the operation itself; names and bodies of a kind differ everywhere.
function isShared({ name, in: place, schema }: SwaggerParameter): boolean {
  if (place === 'body') return schema?.$ref?.startsWith('#/definitions/io.k8s.apimachinery') ?? false;
  return name !== 'name' && !(place === 'query' && (name === 'fieldValidation' || name === 'dryRun'));
}

function shared(swagger: Swagger, parameter: SwaggerParameter): SwaggerParameter | SwaggerReference {
  if (!isShared(parameter)) return parameter;
  const name = `${parameter.name}-${parameterHash(JSON.stringify(parameter))}`;
  swagger.parameters[name] ??= parameter;
  return { $ref: `#/parameters/${name}` };
}

function bodyParameter(operation: Operation): SwaggerParameter[] {
  const body = operation.requestBody;
  const schema = schemaOf(body?.content);
  if (body === undefined || schema === undefined) return [];
  return [{ name: 'body', in: 'body', ...(body.required === true ? { required: true } : {}), schema }];
}

function consumesOf(operation: Operation, produces: readonly string[], path: string): readonly string[] | undefined {
  if (operation.requestBody !== undefined) return typesOf(operation.requestBody.content);
  // Custom resources alone have no protobuf; they name what they take.
  const isCustom = produces.includes('application/json') && !produces.includes('application/vnd.kubernetes.protobuf');
  if (operation['x-kubernetes-action'] !== undefined) return isCustom ? produces : ['*/*'];
  // The documents about the server itself take what they give; those about tokens say nothing.
  return /^\/(apis?|version)\//.test(path) ? produces : undefined;
}

function convertOperation(swagger: Swagger, path: string, operation: Operation): SwaggerOperation {
  const produces = typesOf(operation.responses['200']?.content);
  const consumes = consumesOf(operation, produces, path);
  const parameters = [...bodyParameter(operation), ...(operation.parameters ?? []).map(convertParameter)]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((parameter) => shared(swagger, parameter));
  const { description, tags, operationId } = operation;
  const extensions = Object.entries(operation).filter(([key]) => key.startsWith('x-'));
  const responses = Object.entries(operation.responses).map(([code, response]) => {
    const schema = schemaOf(response.content);
    return [code, { description: response.description ?? '', ...(schema === undefined ? {} : { schema }) }] as const;
  });
  return {
    ...(description === undefined ? {} : { description }),
    ...(consumes === undefined ? {} : { consumes }),
    ...(produces.length === 0 ? {} : { produces }),
    schemes: ['https'],
    ...(tags === undefined ? {} : { tags }),
    ...(operationId === undefined ? {} : { operationId }),
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: Object.fromEntries(responses),
    ...Object.fromEntries(extensions),
  };
}

function pathItem(swagger: Swagger, path: string, item: PathItem): SwaggerPathItem {
  const result: SwaggerPathItem = {};
  for (const method of methods) {
    const operation = item[method];
    if (operation !== undefined) result[method] = convertOperation(swagger, path, operation);
  }
  if (item.parameters !== undefined) {
    result.parameters = item.parameters.map((parameter) => shared(swagger, convertParameter(parameter)));
  }
  return result;
}

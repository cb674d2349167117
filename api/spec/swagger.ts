import {
  type Content,
  type Documents,
  type Method,
  methods,
  type Operation,
  type Parameter,
  type PathItem,
  refTo,
  type Schema,
} from '../openapi.ts';
import { completeSchemas } from './defaults.ts';
import { documentsOf } from './documents.ts';
import { readPropertyRows } from './properties.ts';
import { fullTypeName, readTypesOverlay } from './type-names.ts';

interface SwaggerParameter extends Parameter {
  readonly $ref?: string;
  readonly type?: string;
  readonly uniqueItems?: boolean;
}

interface SwaggerOperation extends Omit<Operation, 'parameters' | 'responses'> {
  readonly parameters?: SwaggerParameter[];
  readonly responses: Record<string, { readonly description?: string; readonly schema?: Schema }>;
  readonly consumes?: string[];
  readonly produces?: string[];
  readonly schemes?: string[];
}

type SwaggerPathItem = { readonly parameters?: SwaggerParameter[] } & {
  readonly [method in Method]?: SwaggerOperation;
};

/** OpenAPI v2, as in the official repository's swagger.json. */
export interface Swagger {
  readonly swagger: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly parameters?: Readonly<Record<string, SwaggerParameter>>;
  readonly paths: Readonly<Record<string, SwaggerPathItem>>;
}

const definitions = '#/definitions/';

/** References point elsewhere in v3; all else of a schema is the same. */
function convertSchema(schema: Schema): Schema {
  const { $ref, items, additionalProperties, properties, ...rest } = schema;
  return {
    ...rest,
    ...($ref === undefined ? {} : { $ref: refTo($ref.slice(definitions.length)) }),
    ...(items === undefined ? {} : { items: convertSchema(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: convertSchema(additionalProperties) } : {}),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, convertSchema(v)])) }),
  };
}

function convertSchemas(swagger: Swagger): Map<string, Schema> {
  const bare = readTypesOverlay().bare;
  const schemas = new Map(Object.entries(swagger.definitions).map(([name, schema]) => [name, convertSchema(schema)]));
  // v2 has no oneOf: it shows quantities and the like as strings.
  for (const [key, shape] of Object.entries(bare)) {
    const name = fullTypeName(key);
    const description = schemas.get(name)?.description;
    if (schemas.has(name)) schemas.set(name, { ...(description === undefined ? {} : { description }), ...shape });
  }
  for (const schema of schemas.values()) {
    const kinds = schema['x-kubernetes-group-version-kind'];
    // DeleteOptions and WatchEvent: the kinds of the document's own group-version are added again below.
    if (kinds !== undefined && kinds.length > 1)
      schema['x-kubernetes-group-version-kind'] = kinds.filter((k) => k.group === '');
  }
  return completeSchemas(schemas, readPropertyRows());
}

function contentOf(types: readonly string[], schema: Schema): Content {
  return Object.fromEntries([...types].sort().map((type) => [type, { schema: convertSchema(schema) }]));
}

function convertParameter({ description, in: place, name, required, type, uniqueItems }: SwaggerParameter): Parameter {
  return {
    ...(description === undefined ? {} : { description }),
    in: place,
    name,
    ...(required === undefined ? {} : { required }),
    schema: { ...(type === undefined ? {} : { type }), ...(uniqueItems === undefined ? {} : { uniqueItems }) },
  };
}

function convertOperation(
  operation: SwaggerOperation,
  parameters: readonly SwaggerParameter[],
  common: readonly SwaggerParameter[],
): Operation {
  const { consumes = ['*/*'], produces = [], schemes: _, parameters: __, responses, ...rest } = operation;
  const own = parameters.filter((p) => p.in !== 'body').map(convertParameter);
  const body = [...parameters, ...common].find((p) => p.in === 'body');
  const content = contentOf(consumes, body?.schema ?? {});
  return {
    ...rest,
    ...(own.length === 0 ? {} : { parameters: own }),
    ...(body === undefined ? {} : { requestBody: { content, ...(body.required === true ? { required: true } : {}) } }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([code, { schema, ...response }]) => [
        code,
        { ...response, ...(schema === undefined ? {} : { content: contentOf(produces, schema) }) },
      ]),
    ),
  };
}

function convertPathItem(item: SwaggerPathItem, resolve: (p: SwaggerParameter) => SwaggerParameter): PathItem {
  const common = (item.parameters ?? []).map(resolve);
  const shown = common.filter((p) => p.in !== 'body').map(convertParameter);
  const result: PathItem = shown.length === 0 ? {} : { parameters: shown };
  for (const method of methods) {
    const operation = item[method];
    if (operation !== undefined) {
      result[method] = convertOperation(operation, (operation.parameters ?? []).map(resolve), common);
    }
  }
  return result;
}

/** The v3 documents that an official OpenAPI v2 document describes. */
export function documentsFromSwagger(swagger: Swagger): Documents {
  const resolve = (p: SwaggerParameter) => swagger.parameters?.[p.$ref?.slice('#/parameters/'.length) ?? ''] ?? p;
  const paths = new Map(Object.entries(swagger.paths).map(([path, item]) => [path, convertPathItem(item, resolve)]));
  return documentsOf(paths, convertSchemas(swagger));
}

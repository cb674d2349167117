import type { Schema } from '../../api/openapi.ts';
import type { Swagger, SwaggerOperation, SwaggerParameter, SwaggerPathItem, SwaggerReference } from './openapi-v2.ts';
import { bool, concat, double, type Field, integer, message, named, text, texts } from './protobuf-writer.ts';

// Field numbers are those of openapi.v2 in OpenAPIv2.proto of gnostic.

/** Values that the format has no field for are YAML texts; JSON is YAML. */
function any(value: unknown): Field {
  return concat([text(2, `${JSON.stringify(value)}\n`)]);
}

function extensions(number: number, owner: object): Field {
  const own = Object.entries(owner).filter(([key]) => key.startsWith('x-'));
  return concat(own.map(([key, value]) => message(number, named(key, any(value)))));
}

function schema(s: Schema): Field {
  const { additionalProperties: values, properties, items } = s;
  const enumeration = (s.enum ?? []).map((value) => message(20, any(value)));
  // Custom resources' schemas have more keywords than built-in ones.
  const more = s as Readonly<Record<string, string | undefined>>;
  const flags = s as Readonly<Record<string, boolean | undefined>>;
  const numbers = s as Readonly<Record<string, number | undefined>>;
  return concat([
    text(1, s.$ref),
    text(2, s.format),
    text(3, more['title']),
    text(4, s.description),
    s.default === undefined ? undefined : message(5, any(s.default)),
    double(6, numbers['multipleOf']),
    double(7, numbers['maximum']),
    bool(8, flags['exclusiveMaximum'] === true),
    double(9, numbers['minimum']),
    bool(10, flags['exclusiveMinimum'] === true),
    integer(11, numbers['maxLength']),
    integer(12, numbers['minLength']),
    text(13, more['pattern']),
    integer(14, numbers['maxItems']),
    integer(15, numbers['minItems']),
    bool(16, s.uniqueItems === true),
    integer(17, numbers['maxProperties']),
    integer(18, numbers['minProperties']),
    texts(19, s.required),
    ...enumeration,
    additional(values),
    s.type === undefined ? undefined : message(22, text(1, s.type)),
    items === undefined ? undefined : message(23, message(1, schema(items))),
    ...(s.allOf ?? []).map((part) => message(24, schema(part))),
    properties === undefined ? undefined : message(25, namedAll(1, properties, schema)),
    extensions(31, s),
  ]);
}

function additional(values: Schema | boolean | undefined): Field | undefined {
  if (values === undefined) return undefined;
  return message(21, typeof values === 'boolean' ? bool(2, values) : message(1, schema(values)));
}

function namedAll<T>(number: number, record: Readonly<Record<string, T>>, encode: (value: T) => Field): Field {
  return concat(Object.entries(record).map(([name, value]) => message(number, named(name, encode(value)))));
}

const subSchemaNumbers: Readonly<Record<string, number>> = { header: 1, formData: 2, query: 3, path: 4 };

function parameter(p: SwaggerParameter): Field {
  if (p.in === 'body') {
    const fields = [text(1, p.description), text(2, p.name), text(3, p.in), bool(4, p.required === true)];
    return message(1, concat([...fields, p.schema === undefined ? undefined : message(5, schema(p.schema))]));
  }
  const isQuery = p.in === 'query' || p.in === 'formData';
  // Query parameters have allowEmptyValue in between.
  const shift = isQuery ? 1 : 0;
  const own = concat([
    bool(1, p.required === true),
    text(2, p.in),
    text(3, p.description),
    text(4, p.name),
    text(5 + shift, p.type),
    bool(19 + shift, p.uniqueItems === true),
  ]);
  return message(2, message(subSchemaNumbers[p.in] ?? 3, own));
}

function parametersItem(p: SwaggerParameter | SwaggerReference): Field {
  return '$ref' in p ? message(2, text(1, p.$ref)) : message(1, parameter(p));
}

function response({ description, schema: body }: SwaggerOperation['responses'][string]): Field {
  const fields = [text(1, description), body === undefined ? undefined : message(2, message(1, schema(body)))];
  return message(1, concat(fields));
}

function operation(o: SwaggerOperation): Field {
  return concat([
    texts(1, o.tags),
    text(3, o.description),
    text(5, o.operationId),
    texts(6, o.produces),
    texts(7, o.consumes),
    ...(o.parameters ?? []).map((p) => message(8, parametersItem(p))),
    message(9, namedAll(1, o.responses, response)),
    texts(10, o.schemes),
    extensions(13, o),
  ]);
}

const methodNumbers = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 } as const;

function pathItem(item: SwaggerPathItem): Field {
  const operations = Object.entries(methodNumbers).map(([method, number]) => {
    const found = item[method as keyof typeof methodNumbers];
    return found === undefined ? undefined : message(number, operation(found));
  });
  return concat([...operations, ...(item.parameters ?? []).map((p) => message(9, parametersItem(p)))]);
}

function securityDefinition(definition: object): Field {
  const { type, name, in: place, description } = definition as Readonly<Record<string, string | undefined>>;
  return message(2, concat([text(1, type), text(2, name), text(3, place), text(4, description)]));
}

type Frame = Pick<Swagger, 'swagger' | 'info' | 'security' | 'securityDefinitions'>;

/** The three large parts of a document: their fields, and how a member with its name is encoded. */
export const swaggerMembers = {
  paths: { field: 8, encode: (name: string, value: SwaggerPathItem) => message(2, named(name, pathItem(value))) },
  definitions: { field: 9, encode: (name: string, value: Schema) => message(1, named(name, schema(value))) },
  parameters: {
    field: 10,
    encode: (name: string, value: SwaggerParameter) => message(1, named(name, parameter(value))),
  },
} as const;

/** What stands before the three large parts, and after them. */
export function swaggerFrame({ swagger, info, security, securityDefinitions }: Frame) {
  const requirements = security.map((requirement) =>
    message(
      12,
      namedAll(1, requirement, (scopes) => texts(1, scopes) ?? ''),
    ),
  );
  return {
    before: concat([text(1, swagger), message(2, concat([text(1, info.title), text(2, info.version)]))]),
    after: concat([...requirements, message(13, namedAll(1, securityDefinitions, securityDefinition))]),
  };
}

/** An OpenAPI v2 document in gnostic's protobuf form, which kubectl and Helm ask for. */
export function encodeSwagger(swagger: Swagger): Uint8Array {
  const { before, after } = swaggerFrame(swagger);
  const { paths, definitions, parameters } = swaggerMembers;
  const whole = concat([
    before,
    message(paths.field, concat(Object.entries(swagger.paths).map(([name, value]) => paths.encode(name, value)))),
    message(
      definitions.field,
      concat(Object.entries(swagger.definitions).map(([name, value]) => definitions.encode(name, value))),
    ),
    message(
      parameters.field,
      concat(Object.entries(swagger.parameters).map(([name, value]) => parameters.encode(name, value))),
    ),
    after,
  ]);
  return Buffer.from(whole, 'latin1');
}

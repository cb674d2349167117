import { type Decode, type DecodeState, kindOfJson, reportType, reportValue } from './decode-state.ts';

type SchemaDecoder = (value: Record<string, unknown>, state: DecodeState) => unknown;

/** Upstream reads these with the plain JSON decoder: nothing in them counts as unknown or duplicate, it is just dropped. */
function leniently(decode: SchemaDecoder): SchemaDecoder {
  return (value, state) => {
    state.lenient += 1;
    const decoded = decode(value, state);
    state.lenient -= 1;
    return decoded;
  };
}

/**
 * JSONSchemaPropsOrBool, …OrArray and …OrStringArray of apiextensions, by Go's name of the type.
 * OpenAPI says nothing of their shape. What is neither shape counts as nothing, as upstream has it.
 */
export function schemaUnionDecoder(goType: string, strictSchema: SchemaDecoder): Decode | undefined {
  const schema = leniently(strictSchema);
  const isSchema = (value: unknown): value is Record<string, unknown> => kindOfJson(value) === 'object';
  if (goType.endsWith('.JSONSchemaPropsOrBool')) {
    return (value, state) => {
      if (isSchema(value)) return schema(value, state);
      return typeof value === 'boolean' ? value : reportValue(state, 'boolean or JSON schema expected');
    };
  }
  if (goType.endsWith('.JSONSchemaPropsOrArray')) {
    return (value, state) => {
      if (isSchema(value)) return schema(value, state);
      if (!Array.isArray(value)) return undefined;
      return value.map((item) =>
        isSchema(item)
          ? schema(item, state)
          : item === null
            ? {}
            : reportType(state, kindOfJson(item), 'v1.JSONSchemaProps'),
      );
    };
  }
  if (goType.endsWith('.JSONSchemaPropsOrStringArray')) {
    return (value, state) => {
      if (isSchema(value)) return schema(value, state);
      if (!Array.isArray(value)) return [];
      return value.map((item) =>
        typeof item === 'string' ? item : item === null ? '' : reportType(state, kindOfJson(item), 'string'),
      );
    };
  }
  return undefined;
}

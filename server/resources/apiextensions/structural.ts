import {
  type FieldError,
  type FieldErrors,
  type FieldPath,
  fieldErrorMessage,
  forbidden,
  invalid,
  required,
} from '../../../api/field-error.ts';
import { goRegexpError } from '../../../api/go-regexp.ts';
import { additionalOf, itemsOf, type JsonSchema } from '../../../api/structural/json-schema.ts';

type Level = 'root' | 'item' | 'field';

function isIntOrString(anyOf: readonly JsonSchema[] | undefined): boolean {
  return (
    anyOf?.length === 2 &&
    anyOf.every((each, i) => Object.keys(each).length === 1 && each.type === ['integer', 'string'][i])
  );
}

const emptyWhenNested: readonly (readonly [keyof JsonSchema & string, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '' && value !== false;
}

/** A schema under allOf, anyOf, oneOf or not: it may only restrict values. */
function nestedErrors(schema: JsonSchema, path: FieldPath, skipAnyOf = false): FieldErrors {
  const items = itemsOf(schema);
  const errors = [
    ...valueErrors(schema, path, skipAnyOf, false),
    ...(items === undefined ? [] : nestedErrors(items, path.child('items'))),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, each]) =>
      nestedErrors(each, path.child('properties').key(name)),
    ),
  ];
  for (const [field, detail] of emptyWhenNested)
    if (isSet(schema[field])) errors.push(forbidden(path.child(field), detail));
  if (schema.properties?.['metadata'] !== undefined) {
    errors.push(forbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context'));
  }
  return errors;
}

function valueErrors(schema: JsonSchema, path: FieldPath, skipAnyOf: boolean, skipAllOfAnyOf: boolean): FieldErrors {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern = '' } = schema;
  const errors = [
    ...(skipAnyOf ? [] : anyOf.flatMap((each, i) => nestedErrors(each, path.child('anyOf').index(i)))),
    ...allOf.flatMap((each, i) => nestedErrors(each, path.child('allOf').index(i), skipAllOfAnyOf && i === 0)),
    ...oneOf.flatMap((each, i) => nestedErrors(each, path.child('oneOf').index(i))),
    ...(not === undefined ? [] : nestedErrors(not, path.child('not'))),
  ];
  const error = pattern === '' ? undefined : goRegexpError(pattern);
  if (error !== undefined)
    errors.push(invalid(path.child('pattern'), pattern, `must be a valid regular expression, but isn't: ${error}`));
  return errors;
}

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function typeErrors(schema: JsonSchema, level: Level, path: FieldPath): FieldErrors {
  const { type = '' } = schema;
  const at = path.child('type');
  const errors: FieldErrors = [];
  if (schema['x-kubernetes-embedded-resource'] && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(at, detail) : invalid(at, type, detail));
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields']) {
    errors.push(required(at, missingType[level]));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalid(at, type, 'must be object at the root'));
  return errors;
}

function metadataErrors(schema: JsonSchema, level: Level, path: FieldPath): FieldErrors {
  const isObject = level === 'root' || Boolean(schema['x-kubernetes-embedded-resource']);
  const properties = schema.properties ?? {};
  const errors: FieldErrors = [];
  for (const name of ['kind', 'apiVersion']) {
    const { type = '' } = properties[name] ?? { type: 'string' };
    if (isObject && type !== 'string')
      errors.push(invalid(path.child('properties').key(name).child('type'), type, 'must be string'));
  }
  const { metadata } = properties;
  if (metadata === undefined) return errors;
  const at = path.child('properties').key('metadata');
  if (isObject && metadata.type !== 'object')
    errors.push(invalid(at.child('type'), metadata.type ?? '', 'must be object'));
  if (level !== 'root') return errors;
  const { type: _type, default: _default, properties: inside = {}, ...rest } = metadata;
  const onlyNames = Object.keys(inside).every((name) => name === 'name' || name === 'generateName');
  if (!onlyNames || Object.values(rest).some(isSet)) {
    errors.push(
      forbidden(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'),
    );
  }
  return errors;
}

function extensionErrors(schema: JsonSchema, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const isEmbedded = Boolean(schema['x-kubernetes-embedded-resource']);
  const preserves = Boolean(schema['x-kubernetes-preserve-unknown-fields']);
  if (schema['x-kubernetes-int-or-string']) {
    const detail = 'must be false if x-kubernetes-int-or-string is true';
    if (preserves) errors.push(invalid(path.child('x-kubernetes-preserve-unknown-fields'), true, detail));
    if (isEmbedded) errors.push(invalid(path.child('x-kubernetes-embedded-resource'), true, detail));
  }
  if (isEmbedded && schema.additionalProperties !== undefined) {
    errors.push(
      forbidden(path.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'),
    );
  }
  if (isEmbedded && !preserves && Object.keys(schema.properties ?? {}).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(path.child('properties'), detail));
  }
  return errors;
}

function invariantErrors(schema: JsonSchema, level: Level, path: FieldPath): FieldErrors {
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const errors: FieldErrors = [];
  if (schema.type === 'array' && items === undefined) errors.push(required(path.child('items'), 'must be specified'));
  if (items !== undefined) errors.push(...invariantErrors(items, 'item', path.child('items')));
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    errors.push(...invariantErrors(each, 'field', path.child('properties').key(name)));
  }
  if (schema.additionalProperties !== undefined && level === 'root') {
    errors.push(forbidden(path.child('additionalProperties'), 'must not be used at the root'));
  }
  if (additional !== undefined)
    errors.push(...invariantErrors(additional, 'field', path.child('additionalProperties')));
  const intOrString = Boolean(schema['x-kubernetes-int-or-string']) || schema.type === undefined;
  return [
    ...errors,
    ...extensionErrors(schema, path),
    ...valueErrors(
      schema,
      path,
      intOrString && isIntOrString(schema.anyOf),
      intOrString && isIntOrString(schema.allOf?.[0]?.anyOf),
    ),
    ...typeErrors(schema, level, path),
    ...metadataErrors(schema, level, path),
  ];
}

/** What value validations mention must stand in the structure as well; `at` is where it should stand. */
function completenessErrors(values: JsonSchema, structure: JsonSchema, at: FieldPath, path: FieldPath): FieldErrors {
  const { not, allOf = [], anyOf = [], oneOf = [] } = values;
  return [
    ...(not === undefined ? [] : nestedCompleteness(not, structure, at, path.child('not'))),
    ...allOf.flatMap((each, i) => nestedCompleteness(each, structure, at, path.child('allOf').index(i))),
    ...anyOf.flatMap((each, i) => nestedCompleteness(each, structure, at, path.child('anyOf').index(i))),
    ...oneOf.flatMap((each, i) => nestedCompleteness(each, structure, at, path.child('oneOf').index(i))),
  ];
}

function nestedCompleteness(
  nested: JsonSchema,
  structure: JsonSchema | undefined,
  at: FieldPath,
  path: FieldPath,
): FieldErrors {
  if (structure === undefined) return [required(at, `because it is defined in ${path}`)];
  const items = itemsOf(nested);
  return [
    ...completenessErrors(nested, structure, at, path),
    ...(items === undefined
      ? []
      : nestedCompleteness(items, itemsOf(structure), at.child('items'), path.child('items'))),
    ...Object.entries(nested.properties ?? {}).flatMap(([name, each]) => {
      const inStructure = at.child('properties').key(name);
      return nestedCompleteness(each, structure.properties?.[name], inStructure, path.child('properties').key(name));
    }),
  ];
}

function byMessage(a: FieldError, b: FieldError): number {
  const [left, right] = [fieldErrorMessage(a), fieldErrorMessage(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Why a schema is not structural, sorted by message as upstream does. */
export function structuralErrors(schema: JsonSchema, path: FieldPath): FieldErrors {
  return [...invariantErrors(schema, 'root', path), ...completenessErrors(schema, schema, path, path)].sort(byMessage);
}

import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { additionalOf, itemsOf, type JsonSchema } from '../../../api/structural/json-schema.ts';
import { type Rule, rulesOf } from '../../../api/structural/rules/rule.ts';
import { ruleFieldPath } from '../../../api/structural/rules/rule-field-path.ts';

interface Place {
  /** Why a default may not stand here. */
  readonly noDefaults?: string;
  readonly insideMetadata?: boolean;
  readonly isRoot?: boolean;
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

const unsupported = ['additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

function standardErrors(schema: JsonSchema, place: Place, path: FieldPath): FieldErrors {
  const { type = '' } = schema;
  const errors: FieldErrors = [];
  if (type !== '' && !types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  if (schema.default !== undefined && place.noDefaults !== undefined) {
    errors.push(forbidden(path.child('default'), `must not be set ${place.noDefaults}`));
  }
  if (schema.id) errors.push(forbidden(path.child('id'), 'id is not supported'));
  for (const field of unsupported)
    if (schema[field] !== undefined) errors.push(forbidden(path.child(field), `${field} is not supported`));
  if (type === 'null')
    errors.push(forbidden(path.child('type'), 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    errors.push(forbidden(path.child('items'), 'items must be a schema object and not an array'));
  }
  if (place.insideMetadata && schema['x-kubernetes-embedded-resource']) {
    errors.push(forbidden(path.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta'));
  }
  return errors;
}

function typeMustBe(schema: JsonSchema, wanted: string, extension: string, path: FieldPath): FieldErrors {
  const { type = '' } = schema;
  if (type === wanted) return [];
  const detail = `must be ${wanted} if ${extension} is specified`;
  return [type === '' ? required(path.child('type'), detail) : invalid(path.child('type'), type, detail)];
}

function mapKeyErrors(keys: readonly string[], items: JsonSchema, path: FieldPath): FieldErrors {
  const keysPath = path.child('x-kubernetes-list-map-keys');
  return keys.flatMap((key, i) => {
    const property = items.properties?.[key];
    const errors: FieldErrors = [];
    if (property === undefined) errors.push(invalid(keysPath, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const at = path.child('items', 'properties').key(key).child('type');
      errors.push(
        invalid(at, items.type ?? '', "must be a scalar type if parent array's x-kubernetes-list-type is map"),
      );
    }
    if (keys.indexOf(key) < i) errors.push(invalid(keysPath, keys, 'must not contain duplicate entries'));
    return errors;
  });
}

function listMapErrors(schema: JsonSchema, keys: readonly string[], path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (keys.length === 0)
    errors.push(
      required(path.child('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map'),
    );
  if (schema.items === undefined)
    return [...errors, required(path.child('items'), 'must have a schema if x-kubernetes-list-type is map')];
  const items = itemsOf(schema);
  if (items === undefined) {
    return [
      ...errors,
      invalid(path.child('items'), schema.items, 'must only have a single schema if x-kubernetes-list-type is map'),
    ];
  }
  if (items.type === 'object') return [...errors, ...mapKeyErrors(keys, items, path)];
  const detail = "must be object if parent array's x-kubernetes-list-type is map";
  return [...errors, invalid(path.child('items', 'type'), items.type ?? '', detail)];
}

function setItemErrors(items: JsonSchema, path: FieldPath): FieldErrors {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items['x-kubernetes-list-type'];
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic') {
    return [invalid(path.child('items', 'x-kubernetes-list-type'), listType, detail)];
  }
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    return [invalid(path.child('items', 'x-kubernetes-map-type'), listType, detail)];
  }
  return [];
}

/** Items of sets and maps identify themselves, so they cannot be null and their keys cannot be missing. */
function identityErrors(schema: JsonSchema, keys: readonly string[], path: FieldPath): FieldErrors {
  const items = itemsOf(schema);
  const listType = schema['x-kubernetes-list-type'];
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldErrors = [];
  if (items.nullable)
    errors.push(
      forbidden(path.child('items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  if (listType === 'set') return errors;
  for (const key of keys) {
    const property = items.properties?.[key];
    if (property === undefined) continue;
    const at = path.child('items', 'properties').key(key);
    const about = 'this property is in x-kubernetes-list-map-keys, so it';
    if (!items.required?.includes(key) && property.default === undefined) {
      errors.push(required(at.child('default'), `${about} must have a default or be a required property`));
    }
    if (property.nullable) errors.push(forbidden(at.child('nullable'), `${about} cannot be nullable`));
  }
  return errors;
}

function listErrors(schema: JsonSchema, path: FieldPath): FieldErrors {
  const listType = schema['x-kubernetes-list-type'] as string | undefined;
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as readonly string[];
  const at = path.child('x-kubernetes-list-type');
  const errors: FieldErrors = [];
  const items = itemsOf(schema);
  const typeErrors = listType === undefined ? [] : typeMustBe(schema, 'array', 'x-kubernetes-list-type', path);
  errors.push(...typeErrors);
  if (typeErrors.length === 0 && listType === 'set' && items !== undefined) errors.push(...setItemErrors(items, path));
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(at, listType, ['atomic', 'set', 'map']));
  }
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? required(at, detail) : invalid(at, listType, detail));
  }
  if (listType === 'map') errors.push(...listMapErrors(schema, keys, path));
  return [...errors, ...identityErrors(schema, keys, path)];
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

function ruleErrors(given: Rule, schema: JsonSchema, path: FieldPath): FieldErrors {
  const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = given;
  const errors: FieldErrors = [];
  const at = path.child('message');
  if (rule.trim() === '') errors.push(required(path.child('rule'), 'rule is not specified'));
  else if (message !== '' && message.trim() === '') errors.push(invalid(at, message, 'must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim())) errors.push(invalid(at, message, 'must not contain line breaks'));
  else if (/[\n\r]/.test(rule.trim()) && message === '')
    errors.push(required(at, 'message must be specified if rule contains line breaks'));
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(path.child('messageExpression'), 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && !reasons.includes(reason))
    errors.push(notSupported(path.child('reason'), reason, reasons));
  if (fieldPath !== '' && fieldPath.trim() === '')
    errors.push(invalid(path.child('fieldPath'), fieldPath, 'must be non-empty if specified'));
  if (/[\n\r]/.test(fieldPath))
    errors.push(invalid(path.child('fieldPath'), fieldPath, 'must not contain line breaks'));
  if (fieldPath !== '' && ruleFieldPath(fieldPath, schema) === undefined)
    errors.push(invalid(path.child('fieldPath'), fieldPath, 'must be a valid path'));
  return errors;
}

function extensionErrors(schema: JsonSchema, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  }
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    errors.push(...typeMustBe(schema, 'object', 'x-kubernetes-map-type', path));
    if (mapType !== 'atomic' && mapType !== 'granular') {
      errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
    }
  }
  const rules = rulesOf(schema);
  const rulesPath = path.child('x-kubernetes-validations');
  return [
    ...errors,
    ...listErrors(schema, path),
    ...rules.flatMap((rule, i) => ruleErrors(rule, schema, rulesPath.index(i))),
  ];
}

function propertyPlace(schema: JsonSchema, name: string, place: Place): Place {
  const { isRoot = false, ...inherited } = place;
  const isTyped = isRoot || Boolean(schema['x-kubernetes-embedded-resource']);
  if (!isTyped || !['metadata', 'kind', 'apiVersion'].includes(name)) return inherited;
  return { ...inherited, insideMetadata: true, ...(isRoot ? { noDefaults: `in top-level ${name}` } : {}) };
}

function additionalErrors(schema: JsonSchema, place: Place, path: FieldPath): FieldErrors {
  if (schema.additionalProperties === undefined) return [];
  const at = path.child('additionalProperties');
  const additional = additionalOf(schema);
  const errors: FieldErrors = [];
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
  if (hasProperties && schema.additionalProperties !== true) {
    errors.push(forbidden(at, 'additionalProperties and properties are mutual exclusive'));
  }
  if (additional === undefined) return errors;
  const inside = place.insideMetadata ? { noDefaults: 'inside additionalProperties applying to object metadata' } : {};
  return [...errors, ...schemaErrors(additional, { ...place, isRoot: false, ...inside }, at)];
}

/** The rules of schemas in definitions that are not about structure; CEL rules are looked at, not compiled. */
export function schemaErrors(schema: JsonSchema, place: Place, path: FieldPath): FieldErrors {
  const errors = standardErrors(schema, place, path);
  if (schema.uniqueItems) {
    errors.push(
      forbidden(
        path.child('uniqueItems'),
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  const { isRoot: _isRoot, ...inner } = place;
  const items = itemsOf(schema);
  return [
    ...errors,
    ...additionalErrors(schema, place, path),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, each]) =>
      schemaErrors(each, propertyPlace(schema, name, place), path.child('properties').key(name)),
    ),
    ...(schema.not === undefined ? [] : schemaErrors(schema.not, inner, path.child('not'))),
    ...(['allOf', 'oneOf', 'anyOf'] as const).flatMap((field) =>
      (schema[field] ?? []).flatMap((each, i) => schemaErrors(each, inner, path.child(field).index(i))),
    ),
    ...(items === undefined ? [] : schemaErrors(items, inner, path.child('items'))),
    ...extensionErrors(schema, path),
  ];
}

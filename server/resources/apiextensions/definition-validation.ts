import {
  duplicate,
  type FieldErrors,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../../../api/field-error.ts';
import { isDNS1035Label, isDNS1123Subdomain } from '../../../api/names.ts';
import type { JsonSchema } from '../../../api/structural/json-schema.ts';
import { internalForm, internalShape } from '../core/internal-form.ts';
import { type DefinitionSpec, type DefinitionVersion, schemaOf } from './definition-types.ts';
import { type HoistedSpec, hoistedSpec } from './hoisted-spec.ts';
import { schemaErrors } from './schema-validation.ts';
import { structuralErrors } from './structural.ts';
import {
  type ConversionRules,
  deprecationWarningErrors,
  validateConversion,
  validateNames,
  validatePrinterColumn,
  validateSubresources,
} from './version-parts.ts';

/** What checks a structural schema further: its defaults, its CEL rules and their costs. `found`: other errors of the schema. */
export type SchemaCheck = (schema: JsonSchema, path: FieldPath, found: FieldErrors) => FurtherErrors;

export interface FurtherErrors {
  readonly defaults: FieldErrors;
  /** None are looked for while defaults are wrong. */
  readonly rules: FieldErrors;
}

const specPath = FieldPath.of('spec');
const versionsPath = specPath.child('versions');
const maxSelectableFields = 8;

const rootFields = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
].concat(
  [
    'MaxLength',
    'MinLength',
    'Pattern',
    'MaxItems',
    'MinItems',
    'UniqueItems',
    'MultipleOf',
    'Required',
    'Items',
    'Properties',
  ],
  ['ExternalDocs', 'Example', 'XPreserveUnknownFields', 'XValidations'],
);
const rootFieldNames = new Set([
  ...rootFields.slice(0, -2).map((name) => (name[0] ?? '').toLowerCase() + name.slice(1)),
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]);

const versionShape = internalShape(
  'Name:name:s Served:served:b Storage:storage:b Deprecated:deprecated:b DeprecationWarning:deprecationWarning:p ' +
    'Schema:schema:p Subresources:subresources:p AdditionalPrinterColumns:additionalPrinterColumns:p SelectableFields:selectableFields:p',
);

function rootErrors(schema: JsonSchema, hasStatus: boolean, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (hasStatus) {
    const detail =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    const other = Object.keys(schema).find((field) => !rootFieldNames.has(field));
    if (schema.type !== undefined && schema.type !== 'object')
      errors.push(invalid(path.child('type'), schema.type, detail));
    else if (other !== undefined) {
      const only = `only [${rootFields.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`;
      errors.push(invalid(path, schema, only));
    }
  }
  if (schema.nullable) errors.push(forbidden(path.child('nullable'), 'nullable cannot be true at the root'));
  return errors;
}

function validateSchema(
  schema: JsonSchema | undefined,
  hasStatus: boolean,
  check: SchemaCheck,
  path: FieldPath,
): FieldErrors {
  if (schema === undefined) return [];
  const at = path.child('openAPIV3Schema');
  const structure = structuralErrors(schema, at);
  const found = schemaErrors(schema, { isRoot: true }, at);
  const further = structure.length > 0 ? { defaults: [], rules: [] } : check(schema, at, found);
  return [...rootErrors(schema, hasStatus, at), ...structure, ...further.defaults, ...found, ...further.rules];
}

function selectableTarget(schema: JsonSchema | undefined, names: readonly string[]): JsonSchema | undefined {
  return names.reduce<JsonSchema | undefined>((at, name) => at?.properties?.[name], schema);
}

function validateSelectableFields(version: Readonly<DefinitionVersion>, path: FieldPath): FieldErrors {
  const fields = version.selectableFields ?? [];
  const schema = schemaOf(version);
  const seen = new Set<string>();
  const errors = fields.flatMap(({ jsonPath = '' }, i) => {
    const at = path.index(i).child('jsonPath');
    if (jsonPath === '') return [required(at)];
    const names = jsonPath.split('.').slice(1);
    const target = jsonPath.startsWith('.') ? selectableTarget(schema, names) : undefined;
    if (target === undefined) return [invalid(at, jsonPath, 'is an invalid path: does not refer to a valid field')];
    const found: FieldErrors = [];
    if (names[0] === 'metadata') found.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(target.type ?? '')) {
      const detail =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      found.push(invalid(at, jsonPath, detail));
    }
    if (seen.has(jsonPath)) found.push(duplicate(at, jsonPath));
    seen.add(jsonPath);
    return found;
  });
  return seen.size > maxSelectableFields ? [...errors, tooMany(path, seen.size, maxSelectableFields)] : errors;
}

/** What may stand in a version or above all of them. */
function validateParts(
  part: Readonly<DefinitionVersion>,
  schemaPath: FieldPath,
  path: FieldPath,
  hasStatus: boolean,
  check: SchemaCheck,
): FieldErrors {
  const columns = part.additionalPrinterColumns ?? [];
  return [
    ...validateSchema(schemaOf(part), hasStatus, check, schemaPath),
    ...validateSubresources(part.subresources, path.child('subresources')),
    ...columns.flatMap((column, i) => validatePrinterColumn(column, path.child('additionalPrinterColumns').index(i))),
  ];
}

function validateVersion(
  version: Readonly<DefinitionVersion>,
  spec: HoistedSpec,
  check: SchemaCheck,
  path: FieldPath,
): FieldErrors {
  const { name = '', deprecated = false, deprecationWarning: warning } = version;
  const errors: FieldErrors = [];
  const messages = isDNS1035Label(name);
  if (messages.length > 0) errors.push(invalid(path.child('name'), name, messages.join(',')));
  for (const message of deprecationWarningErrors(deprecated, warning))
    errors.push(invalid(path.child('deprecationWarning'), warning, message));
  const hasStatus = (version.subresources ?? spec.common.subresources)?.status !== undefined;
  const complete = { ...spec.common, ...version };
  errors.push(...validateParts(version, path.child('schema'), path, hasStatus, check));
  if (version.selectableFields !== undefined)
    errors.push(...validateSelectableFields(complete, path.child('selectableFields')));
  return errors;
}

function validateVersions(spec: Readonly<DefinitionSpec>, hoisted: HoistedSpec, check: SchemaCheck): FieldErrors {
  const { versions, common } = hoisted;
  const errors: FieldErrors = [];
  if (common.schema?.openAPIV3Schema === undefined) {
    versions.forEach((version, i) => {
      if (schemaOf(version) === undefined)
        errors.push(required(versionsPath.index(i).child('schema', 'openAPIV3Schema')));
    });
  }
  errors.push(...versions.flatMap((version, i) => validateVersion(version, hoisted, check, versionsPath.index(i))));
  const names = versions.map(({ name = '' }) => name);
  const shown = (): unknown =>
    spec.versions === undefined ? undefined : versions.map((version) => internalForm(version, versionShape));
  if (new Set(names).size < names.length)
    errors.push(invalid(versionsPath, shown(), 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid(versionsPath, shown(), 'must have exactly one version marked as storage version'));
  }
  const [first = ''] = names;
  const messages = first === '' ? [] : isDNS1035Label(first);
  if (messages.length > 0) errors.push(invalid(specPath.child('version'), first, messages.join(',')));
  return errors;
}

function validateGroup(group: string): FieldErrors {
  const path = specPath.child('group');
  if (group === '') return [required(path)];
  const messages = isDNS1123Subdomain(group);
  if (messages.length > 0) return [invalid(path, group, messages.join(','))];
  return group.includes('.') ? [] : [invalid(path, group, 'should be a domain with at least one dot')];
}

function validateRequiredNames(spec: Readonly<DefinitionSpec>): FieldErrors {
  const path = specPath.child('names');
  return (['plural', 'singular', 'kind', 'listKind'] as const).flatMap((name) =>
    spec.names?.[name] ? [] : [required(path.child(name))],
  );
}

/** The rules of a spec on its own, errors in upstream's order. */
export function validateDefinitionSpec(
  spec: Readonly<DefinitionSpec>,
  check: SchemaCheck,
  conversion: ConversionRules,
): FieldErrors {
  const { scope = '' } = spec;
  const hoisted = hoistedSpec(spec);
  const scopes = ['Cluster', 'Namespaced'];
  const errors = validateGroup(spec.group ?? '');
  if (scope === '') errors.push(required(specPath.child('scope')));
  else if (!scopes.includes(scope)) errors.push(notSupported(specPath.child('scope'), scope, scopes));
  const { common, versions } = hoisted;
  const hasStatus = [common, ...versions].some(({ subresources }) => subresources?.status !== undefined);
  errors.push(
    ...validateVersions(spec, hoisted, check),
    ...validateRequiredNames(spec),
    ...validateNames(spec.names, specPath.child('names')),
    ...validateParts(common, specPath.child('validation'), specPath, hasStatus, check),
  );
  if (common.selectableFields !== undefined)
    errors.push(...validateSelectableFields(common, specPath.child('selectableFields')));
  return [...errors, ...validateConversion(spec.conversion, conversion, specPath.child('conversion'))];
}

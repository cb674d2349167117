import { fieldSetOf } from '../../api/apply/field-set.ts';
import { JsonPathError, parseJsonPath } from '../../api/json-path.ts';
import type { KubeObject } from '../../api/object.ts';
import { type CustomColumn, createCustomPrinter } from '../../api/resources/custom-printer.ts';
import type { Printer, PrinterColumn } from '../../api/resources/printer.ts';
import { customSelectableFields, type SelectableFields } from '../../api/resources/selectable-fields.ts';
import type { CustomKind } from '../registry/custom-kind.ts';
import type { CustomVersion } from './custom-version.ts';
import type { Definition } from './definition.ts';
import type { Translation } from './translation.ts';

export interface CustomKindOptions {
  readonly definition: Definition;
  readonly version: CustomVersion;
  readonly versions: ReadonlyMap<string, CustomVersion>;
  readonly warnings: readonly string[];
  isTerminating(): boolean;
  translation(): Translation;
  columns(): readonly Partial<CustomColumn>[];
  readonly nameColumn: PrinterColumn;
  /** The column of definitions without any. */
  readonly age: CustomColumn;
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

function fieldGetter(jsonPath: string): (object: KubeObject) => string {
  const path = parseJsonPath(jsonPath);
  return (object) => {
    try {
      return textOf(path(object)[0]);
    } catch (error) {
      if (error instanceof JsonPathError) return '';
      throw error;
    }
  };
}

const scaleColumns: readonly CustomColumn[] = [
  { name: 'Desired', type: 'integer', description: 'Number of desired replicas', jsonPath: '.spec.replicas' },
  { name: 'Available', type: 'integer', description: 'Number of actual replicas', jsonPath: '.status.replicas' },
];

function columnsOf({ columns, age }: CustomKindOptions): readonly CustomColumn[] {
  const own = columns().map((column) => ({ name: '', type: '', jsonPath: '', ...column }));
  return own.length > 0 ? own : [age];
}

export function createCustomKind(options: CustomKindOptions): CustomKind {
  const { definition, version, versions } = options;
  let printer: Printer | undefined;
  let fields: SelectableFields | undefined;
  let translation: Translation | undefined;
  const translate = (): Translation => {
    translation ??= options.translation();
    return translation;
  };
  return {
    listKind: definition.listKind,
    warnings: options.warnings,
    get terminating() {
      return options.isTerminating();
    },
    get printer() {
      printer ??= createCustomPrinter(options.nameColumn, columnsOf(options));
      return printer;
    },
    get scalePrinter() {
      return createCustomPrinter(options.nameColumn, [...scaleColumns, options.age]);
    },
    get fields() {
      fields ??= customSelectableFields(
        definition.namespaced,
        Object.fromEntries(
          (version.source().selectableFields ?? []).map(({ jsonPath = '' }) => [
            jsonPath.replace(/^\./, ''),
            fieldGetter(jsonPath),
          ]),
        ),
      );
      return fields;
    },
    scale: version.defined.scale,
    settle(object, wantsUnknown) {
      const unknown = version.trim(object, { track: wantsUnknown, stored: false });
      version.fillDefaults(object);
      return unknown;
    },
    fillDefaults: (object) => version.fillDefaults(object),
    fieldType: (apiVersion, objectMeta) => versions.get(apiVersion)?.fieldType(objectMeta),
    ignoredFields(subresource) {
      if (subresource === 'status') return { all: fieldSetOf(['f:metadata'], ['f:spec']) };
      return subresource === '' && version.defined.status ? { all: fieldSetOf(['f:status']) } : undefined;
    },
    convertNow: (object, apiVersion) => translate().renameNow(object, apiVersion),
    convert: (object, apiVersion) => translate().convert(object, apiVersion),
    replicasPaths: Object.fromEntries(
      [...versions.values()].flatMap(({ apiVersion, defined }) =>
        defined.scale === undefined ? [] : [[apiVersion, defined.scale.spec.map((name) => `f:${name}` as const)]],
      ),
    ),
  };
}

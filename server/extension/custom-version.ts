import type { FieldType } from '../../api/apply/field-type.ts';
import { structuralType } from '../../api/apply/structural-types.ts';
import { fieldErrorMessage } from '../../api/field-error.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import { DecodeError } from '../../api/schema/decode.ts';
import { applyDefaults, dropUnwantedNulls } from '../../api/structural/defaults.ts';
import { coerceEmbedded, type DecodeMetadata } from '../../api/structural/embedded.ts';
import type { JsonSchema } from '../../api/structural/json-schema.ts';
import { prune } from '../../api/structural/prune.ts';
import { compileStructural, type Structural } from '../../api/structural/structural.ts';
import { type CustomResourceDefinition, schemaOf } from '../resources/apiextensions/definition-types.ts';
import type { DefinedVersion, Definition } from './definition.ts';

type StoredVersion = NonNullable<NonNullable<CustomResourceDefinition['spec']>['versions']>[number];

/** One version of a definition; its schema is read and compiled when it is first asked for. */
export interface CustomVersion {
  readonly defined: DefinedVersion;
  readonly apiVersion: string;
  /** As the stored definition has it: columns, selectable fields. */
  source(): Readonly<StoredVersion>;
  structural(): Structural;
  fieldType(objectMeta: FieldType): FieldType;
  /** Prunes and drops what may not be null; paths of what went, if they are tracked. */
  trim(object: KubeObject, options: TrimOptions): readonly string[];
  fillDefaults(object: KubeObject): void;
}

export interface TrimOptions {
  readonly track: boolean;
  /** Objects from the store: malformed metadata is dropped. */
  readonly stored: boolean;
}

export interface VersionOptions {
  readonly definition: Definition;
  readonly defined: DefinedVersion;
  /** Reads the stored definition. */
  load(): Readonly<CustomResourceDefinition>;
  readonly decodeMetadata: DecodeMetadata;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

export function createCustomVersion(options: VersionOptions): CustomVersion {
  const { definition, defined, decodeMetadata } = options;
  const source = once((): Readonly<StoredVersion> => {
    const found = options.load().spec?.versions?.find(({ name }) => name === defined.name);
    if (found === undefined) throw new Error(`${definition.name} has no version ${defined.name}`);
    return found;
  });
  const structural = once(() => compileStructural((schemaOf(source()) ?? {}) as JsonSchema));
  let type: FieldType | undefined;
  return {
    defined,
    apiVersion: apiVersionOf({ group: definition.group, version: defined.name }),
    source,
    structural,
    fieldType(objectMeta) {
      type ??= structuralType(structural().schema, objectMeta);
      return type;
    },
    trim(object, { track, stored }) {
      const unknown: string[] = [];
      if (!definition.preservesUnknownFields) {
        unknown.push(...prune(object, structural(), { track }));
        dropUnwantedNulls(object, structural());
      }
      if (!structural().root().has.embedded) return unknown;
      const coerced = coerceEmbedded(object, structural(), decodeMetadata, { dropInvalid: stored });
      if (coerced.error !== undefined) throw new DecodeError(fieldErrorMessage(coerced.error));
      return [...unknown, ...coerced.unknown];
    },
    fillDefaults: (object) => applyDefaults(object, structural()),
  };
}

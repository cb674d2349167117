import type { FieldType, JsonObject } from '../../api/apply/field-type.ts';
import type { FieldTarget } from '../../api/apply/target.ts';
import { cloneJson } from '../../api/clone.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import type { CustomKind } from './custom-kind.ts';
import type { ServedResource } from './resource.ts';

/** A conversion that somebody else has to make first. */
class ConversionNeeded extends Error {
  readonly object: JsonObject;
  readonly apiVersion: string;
  constructor(object: JsonObject, apiVersion: string) {
    super(`not converted to ${apiVersion} yet`);
    this.object = object;
    this.apiVersion = apiVersion;
  }
}

/** The kind of a custom resource as field management sees it. */
export function customTarget(
  served: ServedResource,
  custom: CustomKind,
  subresource: string,
  objectMeta: FieldType,
): FieldTarget {
  const { definition } = served;
  const apiVersion = apiVersionOf(definition);
  const { kind } = definition;
  const ignored = custom.ignoredFields(subresource);
  return {
    apiVersion,
    kind,
    subresource,
    type: (version) => custom.fieldType(version, objectMeta),
    empty: { apiVersion, kind },
    convert: (object, version) => {
      const converted = custom.convertNow(object as KubeObject, version);
      if (converted === undefined) throw new ConversionNeeded(object, version);
      return converted as JsonObject;
    },
    ...(ignored === undefined ? {} : { ignored }),
  };
}

// Objects that one request compares, in all versions that managers name.
const maxConversions = 64;

/**
 * Runs a pure function of a target; where that meets a conversion which takes a webhook, the conversion is made and the
 * function runs again with what is known by then.
 */
export function withConversions<T>(
  custom: CustomKind,
  target: FieldTarget,
  run: (target: FieldTarget) => T,
): T | Promise<T> {
  try {
    return run(target);
  } catch (error) {
    if (!(error instanceof ConversionNeeded)) throw error;
    return afterConversion(custom, target, run, error);
  }
}

async function afterConversion<T>(
  custom: CustomKind,
  target: FieldTarget,
  run: (target: FieldTarget) => T,
  first: ConversionNeeded,
): Promise<T> {
  const known = new Map<string, JsonObject>();
  const keyOf = (object: JsonObject, version: string): string => `${version} ${JSON.stringify(object)}`;
  const remembering: FieldTarget = {
    ...target,
    convert: (object, version) => {
      const converted = known.get(keyOf(object, version));
      if (converted === undefined) throw new ConversionNeeded(object, version);
      return cloneJson(converted);
    },
  };
  let needed = first;
  for (let i = 0; i < maxConversions; i++) {
    const converted = await custom.convert(needed.object as KubeObject, needed.apiVersion);
    known.set(keyOf(needed.object, needed.apiVersion), converted as JsonObject);
    try {
      return run(remembering);
    } catch (error) {
      if (!(error instanceof ConversionNeeded)) throw error;
      needed = error;
    }
  }
  throw needed;
}

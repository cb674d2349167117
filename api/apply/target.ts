import type { KubeObject } from '../object.ts';
import type { Comparison } from './compare.ts';
import { type FieldSet, recursiveDifference } from './field-set.ts';
import type { FieldType, JsonObject } from './field-type.ts';
import { joinTypeErrors, typeErrors } from './validate.ts';

/** The kind that a request is about, as field management sees it. Made once for each kind, version and subresource. */
export interface FieldTarget {
  /** Of the request and of all objects that come with it. */
  readonly apiVersion: string;
  readonly kind: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** The type of the kind in a version; undefined where the version is no longer served. */
  readonly type: (apiVersion: string) => FieldType | undefined;
  /** The object in which nothing is set, in `apiVersion`. */
  readonly empty: JsonObject;
  /** An object in another version; asked only for versions that have a type. */
  readonly convert?: (object: JsonObject, apiVersion: string) => JsonObject;
  /** Valid objects may hold items of associative lists without a key: they have no managed fields at all. */
  readonly mayLackKeys?: boolean;
  /** What the strategy resets on this path, and nobody comes to own. */
  readonly ignored?: IgnoredFields;
}

/** These and all that lies below them. */
export interface IgnoredFields {
  readonly all: FieldSet;
}

export function withoutIgnored(set: FieldSet, target: FieldTarget): FieldSet {
  return target.ignored === undefined ? set : recursiveDifference(set, target.ignored.all);
}

export function withoutIgnoredChanges(comparison: Comparison, target: FieldTarget): Comparison {
  if (target.ignored === undefined) return comparison;
  return {
    changed: withoutIgnored(comparison.changed, target),
    removed: withoutIgnored(comparison.removed, target),
  };
}

/** An object that field management cannot read in another version: upstream is less patient there than in the object's own. */
export class UnfitError extends Error {}

/** An object in a version, with its type; undefined where the version is not served. */
export function inVersion(
  object: JsonObject,
  from: string,
  to: string,
  target: FieldTarget,
): { readonly object: JsonObject; readonly type: FieldType } | undefined {
  const type = target.type(to);
  if (type === undefined) return undefined;
  if (from === to) return { object, type };
  if (target.convert === undefined) return undefined;
  const converted = target.convert(object, to);
  const errors = typeErrors(converted, type);
  if (errors.length > 0) throw new UnfitError(joinTypeErrors(errors));
  return { object: converted, type };
}

/** An object as a tree of JSON: what typed kinds are at run time. */
export function asJson(object: KubeObject): JsonObject {
  return object as JsonObject;
}

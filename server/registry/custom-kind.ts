import type { FieldType } from '../../api/apply/field-type.ts';
import type { PathKey } from '../../api/apply/path-element.ts';
import type { IgnoredFields } from '../../api/apply/target.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Printer } from '../../api/resources/printer.ts';
import type { SelectableFields } from '../../api/resources/selectable-fields.ts';

/** One version of a custom resource as handlers see it: nothing of it is known before the server runs. */
export interface CustomKind {
  readonly listKind: string;
  /** Texts for every request in this version. */
  readonly warnings: readonly string[];
  /** No new objects: the definition is being deleted. */
  readonly terminating: boolean;
  readonly printer: Printer;
  readonly scalePrinter: Printer;
  readonly fields: SelectableFields;
  readonly scale: ScalePaths | undefined;
  /** Prunes and fills in defaults, in place; returns the paths of what the schema does not know, where they are asked for. */
  settle(object: KubeObject, wantsUnknown: boolean): readonly string[];
  /** What an apply leads to is neither pruned nor freed of nulls. */
  fillDefaults(object: KubeObject): void;
  /** The type for server-side apply, of this or another version; undefined for versions that are not there. */
  fieldType(apiVersion: string, objectMeta: FieldType): FieldType | undefined;
  ignoredFields(subresource: string): IgnoredFields | undefined;
  /** In another version, for the comparison of fields; undefined: it has to be asked for, see `convert`. */
  convertNow(object: Readonly<KubeObject>, apiVersion: string): KubeObject | undefined;
  convert(object: Readonly<KubeObject>, apiVersion: string): Promise<KubeObject>;
  /** Where each version keeps its replicas, as managedFields spell it. */
  readonly replicasPaths: Readonly<Record<string, readonly PathKey[]>>;
}

/** Paths of the scale subresource, as names of members. */
export interface ScalePaths {
  readonly spec: readonly string[];
  readonly status: readonly string[];
  readonly selector: readonly string[] | undefined;
  /** As the definition spells them. */
  readonly specText: string;
  readonly statusText: string;
  readonly selectorText: string;
}

import { cloneJson } from '../../api/clone.ts';
import { parseLarge, stringifyLarge } from '../../api/json-large.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Row } from '../registry/stored-form.ts';
import type { Converter } from './converter.ts';
import type { CustomVersion } from './custom-version.ts';

/** Between the rows of the store and objects in one version: as upstream reads and writes them. */
export interface Translation {
  /** False: some rows may take a webhook. */
  readonly isSynchronous: boolean;
  /** Whether a row is in the version itself. */
  isOwn(row: Row): boolean;
  /** The row as it reads in the version; undefined: it takes a webhook. */
  readNow<T extends Row>(row: T): T | undefined;
  read<T extends Row>(rows: readonly T[]): Promise<readonly T[]> | readonly T[];
  convertNow(object: Readonly<KubeObject>, apiVersion: string): KubeObject | undefined;
  /** Neither pruned nor freed of nulls: as field management compares versions. Undefined: it takes a webhook. */
  renameNow(object: Readonly<KubeObject>, apiVersion: string): KubeObject | undefined;
  convert(object: Readonly<KubeObject>, apiVersion: string): Promise<KubeObject>;
}

export interface TranslationOptions {
  readonly target: CustomVersion;
  /** Of the definition, by apiVersion. */
  readonly versions: ReadonlyMap<string, CustomVersion>;
  /** Undefined: versions differ in nothing but their name. */
  readonly converter: Converter | undefined;
}

const decoder = new TextDecoder();

export function parseRow(row: Row): KubeObject {
  return parseLarge(decoder.decode(row.value)) as KubeObject;
}

/** kind, apiVersion and metadata first, as everywhere; the rest in its order. */
export function inVersion(object: Readonly<KubeObject>, apiVersion: string): KubeObject {
  const { kind = '', apiVersion: _, metadata = {}, ...rest } = object;
  return { kind, apiVersion, metadata, ...rest };
}

export function createTranslation({ target, versions, converter }: TranslationOptions): Translation {
  /** Pruned and defaulted in the version in which it is stored. */
  const settled = (row: Row): KubeObject => {
    const object = parseRow(row);
    const version = versions.get(object.apiVersion ?? '');
    if (version !== undefined) {
      version.trim(object, { track: false, stored: true });
      version.fillDefaults(object);
    }
    // Very old objects have none.
    const meta = object.metadata ?? {};
    if ((meta.generation ?? 0) === 0) object.metadata = { ...meta, generation: 1 };
    return object;
  };
  const shown = (object: KubeObject): KubeObject => {
    const result = inVersion(object, target.apiVersion);
    target.trim(result, { track: false, stored: false });
    return result;
  };
  const rowOf = <T extends Row>(row: T, object: KubeObject): T => {
    const value = Buffer.from(stringifyLarge(object));
    return value.equals(row.value) ? row : { ...row, value };
  };
  const renameNow = (object: Readonly<KubeObject>, apiVersion: string): KubeObject | undefined => {
    const isKnown = versions.has(apiVersion) && (converter === undefined || object.apiVersion === apiVersion);
    return isKnown ? inVersion(cloneJson(object) as KubeObject, apiVersion) : undefined;
  };
  const convertNow = (object: Readonly<KubeObject>, apiVersion: string): KubeObject | undefined => {
    const copy = renameNow(object, apiVersion);
    if (copy !== undefined) versions.get(apiVersion)?.trim(copy, { track: false, stored: false });
    return copy;
  };
  const convert = async (object: Readonly<KubeObject>, apiVersion: string): Promise<KubeObject> => {
    const known = convertNow(object, apiVersion);
    if (known !== undefined) return known;
    if (converter === undefined) throw new Error(`request to convert CR to an invalid group/version: ${apiVersion}`);
    const [converted] = await converter.convert([cloneJson(object) as KubeObject], apiVersion);
    if (converted === undefined) throw new Error('a conversion without an object');
    versions.get(apiVersion)?.trim(converted, { track: false, stored: false });
    return inVersion(converted, apiVersion);
  };
  const readNow = <T extends Row>(row: T): T | undefined => {
    const object = settled(row);
    if (object.apiVersion === target.apiVersion) return rowOf(row, object);
    return converter === undefined ? rowOf(row, shown(object)) : undefined;
  };
  const readAll = async <T extends Row>(rows: readonly T[], by: Converter): Promise<readonly T[]> => {
    const objects = rows.map(settled);
    const foreign = objects.filter(({ apiVersion }) => apiVersion !== target.apiVersion);
    const converted = await by.convert(foreign, target.apiVersion);
    const byObject = new Map(foreign.map((object, i) => [object, converted[i]] as const));
    return rows.map((row, i) => {
      const object = objects[i] as KubeObject;
      const other = byObject.get(object);
      return rowOf(row, other === undefined ? object : shown(other));
    });
  };
  return {
    isSynchronous: converter === undefined,
    isOwn: (row) => parseRow(row).apiVersion === target.apiVersion,
    readNow,
    read(rows) {
      const now = rows.map(readNow);
      if (converter === undefined || !now.includes(undefined)) return now as typeof rows;
      return readAll(rows, converter);
    },
    convertNow,
    renameNow,
    convert,
  };
}

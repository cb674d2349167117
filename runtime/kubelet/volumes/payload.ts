import { textOf } from '../../files/byte-text.ts';
import type { ByteText } from '../../files/file-tree.ts';
import { bytesOfBase64, type ConfigMap, type Secret } from '../environment/environment.ts';
import { metadataField } from '../environment/pod-field.ts';
import { defaultLimits, type ResourceField, resourceField } from '../environment/resource-field.ts';
import type { Pod } from '../pod-runtime.ts';
import { messageOf, VolumeError } from './volume-error.ts';

/** A file that an object's value becomes. */
export interface ProjectedFile {
  readonly text: ByteText;
  readonly mode: number;
  /** Whose it is, when not the system's. */
  readonly uid?: number;
}

/** Files by their paths below a volume. */
export type Payload = ReadonlyMap<string, ProjectedFile>;

interface KeyToPath {
  readonly key?: string;
  readonly path?: string;
  readonly mode?: number;
}

export interface KeySelection {
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
}

const maxPath = 4096;
const maxName = 255;

/** A path without what it does not need. Throws when it leads out of the volume or into what is the kubelet's. */
function cleanPath(path: string): string {
  if (path === '') throw new VolumeError('invalid path: must not be empty: ""');
  if (path.startsWith('/')) throw new VolumeError(`invalid path: must be relative path: ${path}`);
  if (path.length > maxPath) throw new VolumeError(`invalid path: must be less than or equal to ${maxPath} characters`);
  const parts = path.split('/');
  for (const part of parts) {
    if (part === '..') throw new VolumeError(`invalid path: must not contain '..': ${path}`);
    if (part.length > maxName)
      throw new VolumeError(`invalid path: filenames must be less than or equal to ${maxName} characters`);
  }
  if (parts[0]?.startsWith('..')) throw new VolumeError(`invalid path: must not start with '..': ${path}`);
  return parts.filter((part) => part !== '' && part !== '.').join('/');
}

/** The values of an object as files: all by their keys, or those chosen. */
function filesOf(
  values: ReadonlyMap<string, ByteText>,
  { items = [], optional = false }: KeySelection,
  defaultMode: number,
  missing: string,
): Payload {
  if (items.length === 0)
    return new Map([...values].map(([key, text]) => [cleanPath(key), { text, mode: defaultMode }]));
  const files = new Map<string, ProjectedFile>();
  for (const { key = '', path = '', mode = defaultMode } of items) {
    const text = values.get(key);
    if (text !== undefined) files.set(cleanPath(path), { text, mode });
    else if (!optional) throw new VolumeError(`${missing}: ${key}`);
  }
  return files;
}

export function configMapFiles(map: Readonly<ConfigMap> | undefined, selection: KeySelection, mode: number): Payload {
  const values = new Map<string, ByteText>();
  for (const [key, value] of Object.entries(map?.data ?? {})) values.set(key, textOf(value));
  for (const [key, value] of Object.entries(map?.binaryData ?? {})) values.set(key, bytesOfBase64(value));
  return filesOf(values, selection, mode, 'configmap references non-existent config key');
}

export function secretFiles(secret: Readonly<Secret> | undefined, selection: KeySelection, mode: number): Payload {
  const values = new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, bytesOfBase64(value)]));
  return filesOf(values, selection, mode, 'references non-existent secret key');
}

export interface DownwardItem {
  readonly path?: string;
  readonly mode?: number;
  readonly fieldRef?: { readonly fieldPath?: string };
  readonly resourceFieldRef?: ResourceField;
}

/** Fields of a pod as files. */
export function downwardFiles(
  items: readonly DownwardItem[],
  pod: Readonly<Pod>,
  allocatable: Readonly<Record<string, string>>,
  defaultMode: number,
): Payload {
  const files = new Map<string, ProjectedFile>();
  for (const { path = '', mode = defaultMode, fieldRef, resourceFieldRef } of items) {
    try {
      const text =
        fieldRef === undefined
          ? resourceField(pod, resourceFieldRef ?? {}, defaultLimits(pod, allocatable))
          : metadataField(pod, fieldRef.fieldPath ?? '');
      files.set(cleanPath(path), { text: textOf(text), mode });
    } catch (error) {
      throw new VolumeError(messageOf(error));
    }
  }
  return files;
}

import type { Api } from '../../../api/object.ts';
import { textOf } from '../../files/byte-text.ts';
import type { ByteText } from '../../files/file-tree.ts';
import type { Container, Pod } from '../pod-runtime.ts';
import { ContainerConfigError } from './container-config-error.ts';
import { envFileValue } from './env-file.ts';
import { expanded } from './expansion.ts';
import { type PlacedPod, podField } from './pod-field.ts';
import { defaultLimits, resourceField } from './resource-field.ts';
import { type Service, serviceVariables } from './service-variables.ts';

export type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;
export type Secret = Api<'io.k8s.api.core.v1.Secret'>;
type EnvVar = NonNullable<Container['env']>[number];
type EnvSource = NonNullable<EnvVar['valueFrom']>;

/** What variables come from, but the pod itself. */
export interface EnvironmentSources {
  /** By name, of the pod's namespace; those that are not there are missing. */
  readonly configMaps: ReadonlyMap<string, Readonly<ConfigMap>>;
  readonly secrets: ReadonlyMap<string, Readonly<Secret>>;
  /** Of all namespaces. */
  readonly services: Iterable<Readonly<Service>>;
  /** Of the node. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** A file in a volume of the pod; undefined when there is none. */
  file(volume: string, path: string): ByteText | undefined;
}

/** Bytes, from their base64. */
export function bytesOfBase64(text: string): ByteText {
  return atob(text);
}

/** The names of what a container's environment is made from. */
export function environmentReferences({ env = [], envFrom = [] }: Container): {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
} {
  const configMaps = [
    ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
  ];
  const secrets = [
    ...envFrom.map(({ secretRef }) => secretRef?.name),
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
  ];
  const named = (names: readonly (string | undefined)[]) => new Set(names.filter((name) => name !== undefined));
  return { configMaps: named(configMaps), secrets: named(secrets) };
}

function missing(kind: string, name: string): ContainerConfigError {
  return new ContainerConfigError(`${kind} "${name}" not found`);
}

/** All variables of a source, by their names. */
function* variablesFrom(
  container: Container,
  { configMaps, secrets }: EnvironmentSources,
): Generator<[string, ByteText]> {
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef !== undefined) {
      const { name = '', optional = false } = configMapRef;
      const map = configMaps.get(name);
      if (map === undefined && !optional) throw missing('configmap', name);
      for (const [key, value] of Object.entries(map?.data ?? {})) yield [prefix + key, textOf(value)];
    } else if (secretRef !== undefined) {
      const { name = '', optional = false } = secretRef;
      const secret = secrets.get(name);
      if (secret === undefined && !optional) throw missing('secret', name);
      for (const [key, value] of Object.entries(secret?.data ?? {})) yield [prefix + key, bytesOfBase64(value)];
    }
  }
}

interface KeyOf {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key: string;
  readonly optional: boolean;
}

/** One key of an object, if it is there, or may be missing. */
function keyValue<T>(
  from: T | undefined,
  { kind, name, key, optional }: KeyOf,
  namespace: string,
  read: (from: T) => string | undefined,
): string | undefined {
  if (from === undefined && !optional) throw missing(kind.toLowerCase(), name);
  const value = from === undefined ? undefined : read(from);
  if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
  return value;
}

/** The value that a source gives; undefined: the variable is left out. */
function valueFrom(
  source: EnvSource,
  placed: PlacedPod,
  container: Container,
  sources: EnvironmentSources,
): ByteText | undefined {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const namespace = placed.pod.metadata?.namespace ?? '';
  if (fieldRef !== undefined) return textOf(podField(placed, fieldRef.fieldPath ?? ''));
  if (resourceFieldRef !== undefined) {
    const limits = defaultLimits(placed.pod, sources.allocatable);
    return resourceField(placed.pod, resourceFieldRef, limits, container);
  }
  if (configMapKeyRef !== undefined) {
    const { name = '', key = '', optional = false } = configMapKeyRef;
    const of = { kind: 'ConfigMap', name, key, optional } as const;
    const value = keyValue(sources.configMaps.get(name), of, namespace, ({ data }) => data?.[key]);
    return value === undefined ? undefined : textOf(value);
  }
  if (secretKeyRef !== undefined) {
    const { name = '', key = '', optional = false } = secretKeyRef;
    const of = { kind: 'Secret', name, key, optional } as const;
    const value = keyValue(sources.secrets.get(name), of, namespace, ({ data }) => data?.[key]);
    return value === undefined ? undefined : bytesOfBase64(value);
  }
  return fileKeyRef === undefined ? '' : fileKeyValue(fileKeyRef, placed.pod, sources);
}

function fileKeyValue(
  { volumeName = '', path = '', key = '', optional = false }: NonNullable<EnvSource['fileKeyRef']>,
  { metadata }: Readonly<Pod>,
  sources: EnvironmentSources,
): ByteText | undefined {
  const value = fileValue(sources.file(volumeName, path), key);
  if (value !== '') return value;
  if (optional) return undefined;
  const file = `/var/lib/kubelet/pods/${metadata?.uid}/volumes/kubernetes.io~empty-dir/${volumeName}/${path}`;
  throw new Error(`environment variable key "${key}" not found in file "${file}"`);
}

function fileValue(text: ByteText | undefined, key: string): ByteText {
  try {
    if (text !== undefined) return envFileValue(text, key);
  } catch {
    // What is wrong with it may tell what stands in it.
  }
  throw new Error("couldn't parse env file");
}

/** What the kubelet gives a container's programs as environment. Throws ContainerConfigError. */
export function environmentOf(
  placed: PlacedPod,
  container: Container,
  sources: EnvironmentSources,
): Map<string, ByteText> {
  const { metadata, spec } = placed.pod;
  const links = serviceVariables(sources.services, metadata?.namespace ?? '', spec?.enableServiceLinks !== false);
  try {
    const environment = new Map(variablesFrom(container, sources));
    const known = (name: string): ByteText | undefined => environment.get(name) ?? links.get(name);
    for (const { name = '', value = '', valueFrom: source } of container.env ?? []) {
      const found =
        value !== '' || source === undefined
          ? expanded(textOf(value), known)
          : valueFrom(source, placed, container, sources);
      if (found !== undefined) environment.set(name, found);
    }
    for (const [name, value] of links) if (!environment.has(name)) environment.set(name, value);
    return environment;
  } catch (error) {
    if (error instanceof ContainerConfigError) throw error;
    throw new ContainerConfigError(error instanceof Error ? error.message : String(error));
  }
}

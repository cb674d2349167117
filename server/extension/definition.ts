import type { ScalePaths } from '../registry/custom-kind.ts';
import type { CustomResourceDefinition, DefinitionVersion } from '../resources/apiextensions/definition-types.ts';

/** A definition as the server keeps it in memory: small; schemas and columns are read from the stored object when they are needed. */
export interface Definition {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Of the stored object that this was read from. */
  readonly revision: number;
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly versions: readonly DefinedVersion[];
  readonly storageVersion: string;
  readonly isServed: boolean;
  readonly isEstablished: boolean;
  readonly isTerminating: boolean;
  readonly hasWebhook: boolean;
  readonly preservesUnknownFields: boolean;
}

export interface DefinedVersion {
  readonly name: string;
  readonly served: boolean;
  readonly deprecation: string | undefined;
  readonly isDeprecated: boolean;
  readonly status: boolean;
  readonly scale: ScalePaths | undefined;
}

export function hasCondition(definition: Readonly<CustomResourceDefinition>, type: string): boolean {
  return definition.status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false;
}

function membersOf(path: string): string[] {
  return path.replace(/^\./, '').split('.');
}

function scaleOf(version: Readonly<DefinitionVersion>): ScalePaths | undefined {
  const scale = version.subresources?.scale;
  if (scale === undefined) return undefined;
  const { specReplicasPath = '', statusReplicasPath = '', labelSelectorPath = '' } = scale;
  return {
    spec: membersOf(specReplicasPath),
    status: membersOf(statusReplicasPath),
    selector: labelSelectorPath === '' ? undefined : membersOf(labelSelectorPath),
    specText: specReplicasPath,
    statusText: statusReplicasPath,
    selectorText: labelSelectorPath,
  };
}

function versionOf(version: Readonly<DefinitionVersion>): DefinedVersion {
  return {
    name: version.name ?? '',
    served: version.served === true,
    isDeprecated: version.deprecated === true,
    deprecation: version.deprecationWarning,
    status: version.subresources?.status !== undefined,
    scale: scaleOf(version),
  };
}

export function definitionOf(object: Readonly<CustomResourceDefinition>): Definition {
  const { metadata = {}, spec = {}, status = {} } = object;
  const { acceptedNames = {} } = status;
  const isEstablished = hasCondition(object, 'Established');
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    revision: Number(metadata.resourceVersion ?? 0),
    group: spec.group ?? '',
    plural: acceptedNames.plural ?? '',
    singular: acceptedNames.singular ?? '',
    kind: acceptedNames.kind ?? '',
    listKind: acceptedNames.listKind ?? '',
    shortNames: acceptedNames.shortNames ?? [],
    categories: acceptedNames.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    versions: (spec.versions ?? []).map(versionOf),
    storageVersion: spec.versions?.find(({ storage }) => storage)?.name ?? '',
    isServed: (isEstablished || hasCondition(object, 'NamesAccepted')) && (acceptedNames.plural ?? '') !== '',
    isEstablished,
    isTerminating: hasCondition(object, 'Terminating'),
    hasWebhook: spec.conversion?.strategy === 'Webhook',
    preservesUnknownFields: spec.preserveUnknownFields === true,
  };
}

/** What a version's clients are told; upstream names the best version that is served and not deprecated. */
export function warningsOf(
  { group, kind, versions }: Definition,
  version: DefinedVersion,
  compareVersions: (a: string, b: string) => number,
): readonly string[] {
  if (!version.isDeprecated) return [];
  if (version.deprecation !== undefined) return [version.deprecation];
  const text = `${group}/${version.name} ${kind} is deprecated`;
  const [better] = versions
    .filter(({ name, served, isDeprecated }) => served && !isDeprecated && compareVersions(version.name, name) > 0)
    .map(({ name }) => name)
    .sort(compareVersions);
  return [better === undefined ? text : `${text}; use ${group}/${better} ${kind}`];
}

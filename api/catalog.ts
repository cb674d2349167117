import type { GroupVersionKind } from './object.ts';

/** `api/generated/resources.json`: everything discovery says, plus which group-versions a stock server has switched on. */
export interface Catalog {
  readonly release: string;
  /** In the order of discovery: a group's versions by preference. */
  readonly groupVersions: readonly CatalogGroupVersion[];
  /** In the order of groupVersions, then alphabetical. */
  readonly resources: readonly CatalogResource[];
}

export interface CatalogGroupVersion {
  readonly group: string;
  readonly version: string;
  /** Served unless `--runtime-config` says otherwise. */
  readonly enabled: boolean;
  readonly preferred: boolean;
}

export interface CatalogResource extends GroupVersionKind {
  /** Plural. */
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: readonly string[];
  /** Absent for resources that are not stored. */
  readonly storageVersionHash?: string;
  readonly subresources?: readonly CatalogSubresource[];
}

/** Group, version and kind are those of the bodies, e.g. autoscaling/v1 Scale. */
export interface CatalogSubresource extends GroupVersionKind {
  readonly name: string;
  readonly verbs: readonly string[];
}

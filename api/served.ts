import type { Catalog, CatalogResource } from './catalog.ts';
import { prioritiesOf } from './group-priorities.ts';

/** A group-version that a server offers right now: built in, of a custom resource, or of an aggregated server. */
export interface ServedGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly CatalogResource[];
  /** Groups with more come first; those of custom resources have 1000 and stand behind the built-in ones, by name. */
  readonly groupPriority?: number;
  /** Versions with more come first in their group; equal ones are ordered by stability and number. */
  readonly versionPriority?: number;
  /** Built-in resources: aggregated discovery leaves out group and version of kinds that are the resource's own. */
  readonly builtIn?: boolean;
  /** Stale: the aggregated server behind it does not answer. */
  readonly freshness?: 'Current' | 'Stale';
  /** What the aggregated server behind it says of its resources: an APIVersionDiscovery. `resources` is empty then. */
  readonly remote?: Readonly<Record<string, unknown>>;
}

/** The group-versions of the catalog that are switched on, in its order. */
export function servedOf(
  catalog: Catalog,
  isOn: (gv: { readonly group: string; readonly version: string; readonly enabled: boolean }) => boolean = (gv) =>
    gv.enabled,
): ServedGroupVersion[] {
  return catalog.groupVersions.filter(isOn).map((gv) => ({
    group: gv.group,
    version: gv.version,
    resources: catalog.resources.filter((r) => r.group === gv.group && r.version === gv.version),
    builtIn: true,
    ...prioritiesOf(gv),
  }));
}

/** `v2`, `v1`, `v2beta1`, `v1beta2`, `v1alpha1`, then all other names: upstream's order of versions. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [rank(a), rank(b)];
  if (x === undefined || y === undefined) {
    if (x === undefined && y === undefined) return a < b ? -1 : a > b ? 1 : 0;
    return x === undefined ? 1 : -1;
  }
  return y[0] - x[0] || y[1] - x[1] || y[2] - x[2];
}

function rank(version: string): readonly [number, number, number] | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (match === null) return undefined;
  const level = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return [level, Number(match[1]), Number(match[3] ?? 0)];
}

export interface ServedGroup {
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly ServedGroupVersion[];
}

/** Groups in the order of discovery. */
export function groupsOf(served: readonly ServedGroupVersion[]): ServedGroup[] {
  const byGroup = new Map<string, ServedGroupVersion[]>();
  for (const gv of served) byGroup.set(gv.group, [...(byGroup.get(gv.group) ?? []), gv]);
  const priority = (versions: readonly ServedGroupVersion[]) =>
    Math.max(...versions.map((gv) => (gv.group === '' ? Number.POSITIVE_INFINITY : (gv.groupPriority ?? 1000))));
  return [...byGroup]
    .map(([group, versions]) => ({
      group,
      versions: versions.sort(
        (a, b) => (b.versionPriority ?? 100) - (a.versionPriority ?? 100) || compareVersions(a.version, b.version),
      ),
    }))
    .sort((a, b) => priority(b.versions) - priority(a.versions) || (a.group < b.group ? -1 : 1));
}

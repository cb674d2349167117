import type { Api } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import type { PodSpec, Volume } from './pod-types.ts';

type At = (rest: string) => string;
type Projection = Api<'io.k8s.api.core.v1.VolumeProjection'>;

interface SourcedPath {
  readonly path: string;
  readonly source: string;
}

/** Sources without a future, in upstream's order; an ephemeral claim is checked after glusterfs. */
const deprecatedSources: readonly (readonly [keyof Volume, string, string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

export function volumeWarnings(spec: Readonly<PodSpec>, at: At, warnings: string[]): void {
  const { volumes = [] } = spec;
  for (const [i, volume] of volumes.entries()) {
    for (const [field, shown, message] of deprecatedSources) {
      if (volume[field] !== undefined) warnings.push(`${at(`spec.volumes[${i}].${shown}`)}: ${message}`);
    }
    if (volume.ephemeral !== undefined) claimWarnings(volume, at(`spec.volumes[${i}]`), warnings);
  }
  for (const volume of volumes) overlapWarnings(volume, warnings);
}

function claimWarnings(volume: Readonly<Volume>, path: string, warnings: string[]): void {
  const resources = volume.ephemeral?.volumeClaimTemplate?.spec?.resources;
  for (const list of ['requests', 'limits'] as const) {
    const amount = resources?.[list]?.['storage'];
    if (amount === undefined || parseQuantity(String(amount)).milliValue() % 1000n === 0n) continue;
    const field = `${path}.ephemeral.volumeClaimTemplate.spec.resources.${list}[storage]`;
    warnings.push(`${field}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`);
  }
}

function overlapWarnings(volume: Readonly<Volume>, warnings: string[]): void {
  const { name = '', configMap, secret, downwardAPI, projected } = volume;
  if (configMap?.items !== undefined)
    keyWarnings(name, `ConfigMap "${configMap.name ?? ''}"`, configMap.items, warnings);
  if (secret?.items !== undefined) keyWarnings(name, `Secret "${secret.secretName ?? ''}"`, secret.items, warnings);
  if (downwardAPI?.items !== undefined) keyWarnings(name, 'DownwardAPI', downwardAPI.items, warnings);
  if (projected === undefined) return;
  const seen: SourcedPath[] = [];
  for (const source of projected.sources ?? []) {
    if (isEmpty(source)) warnings.push(`volume "${name}" (Projected) has no sources provided`);
    for (const overlap of overlapsIn(projectedPaths(source), seen)) {
      warnings.push(`volume "${name}" (Projected): overlapping paths: ${overlap}`);
    }
  }
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

function keyWarnings(
  name: string,
  kind: string,
  items: readonly { readonly path?: string }[],
  warnings: string[],
): void {
  const paths = items.map(({ path = '' }) => ({ path, source: '' }));
  for (const overlap of overlapsIn(paths)) warnings.push(`volume "${name}" (${kind}): overlapping paths: ${overlap}`);
}

function projectedPaths(projection: Readonly<Projection>): SourcedPath[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
  const from = (source: string, items: readonly { readonly path?: string }[]): SourcedPath[] =>
    items.map(({ path = '' }) => ({ path, source }));
  if (configMap?.items !== undefined) return from(`ConfigMap "${configMap.name ?? ''}"`, configMap.items);
  if (secret?.items !== undefined) return from(`Secret "${secret.name ?? ''}"`, secret.items);
  if (downwardAPI?.items !== undefined) return from('DownwardAPI', downwardAPI.items);
  return serviceAccountToken === undefined ? [] : from('ServiceAccountToken', [serviceAccountToken]);
}

function overlapsIn(paths: readonly SourcedPath[], seen: SourcedPath[] = []): string[] {
  const overlaps: string[] = [];
  for (const { path: given, source } of paths) {
    const path = given.replace(/\/+$/, '');
    const entry = { path, source };
    for (const other of path === '' ? [] : seen) {
      if (other.path === '') continue;
      const nested = `${other.path}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${other.path}/`);
      if (nested) overlaps.push(`${shown(entry)} with ${shown(other)}`);
    }
    seen.push(entry);
  }
  return overlaps;
}

function shown({ path, source }: SourcedPath): string {
  return source === '' ? `"${path}"` : `"${path}" (${source})`;
}

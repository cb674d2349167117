import type { ClientOperation, ClientPackage, Model } from './client-package.ts';
import { readOverlay } from './overlay.ts';

export interface TypesOverlay {
  readonly models: Readonly<Record<string, string>>;
  readonly meta: readonly string[];
  readonly packages: Readonly<Record<string, string>>;
  readonly bare: Readonly<Record<string, Record<string, unknown>>>;
  readonly atomic: Readonly<Record<string, readonly string[]>>;
  readonly unions: Readonly<Record<string, unknown[]>>;
  readonly connectKinds: Readonly<Record<string, string>>;
}

export const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export function readTypesOverlay(): TypesOverlay {
  return readOverlay('types.yaml') as TypesOverlay;
}

/** The overlays leave out the most common package. */
export function fullTypeName(name: string): string {
  return name.startsWith('io.') ? name : `io.k8s.api.${name}`;
}

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** The group-version below which a path lies; undefined for /version, /apis/GROUP and the like. */
export function groupVersionOf(path: string): GroupVersion | undefined {
  const [, group = '', version] = /^\/(?:api|apis\/([^/]+))\/(v[^/]+)\//.exec(path) ?? [];
  return version === undefined ? undefined : { group, version };
}

export function packageOf(overlay: TypesOverlay, gv: GroupVersion): string {
  return `${overlay.packages[gv.group] ?? `io.k8s.api.${gv.group.split('.')[0]}`}.${gv.version}`;
}

const modelNamePattern = /^(?<prefix>[A-Z][a-z]+)?V(?<version>\d+(?:(?:alpha|beta)\d+)?)(?<name>[A-Z]\w*)$/;

function modelsIn(type: string, client: ClientPackage): Model[] {
  return (type.match(/\w+/g) ?? []).flatMap((word) => client.models.get(word) ?? []);
}

/** Marks everything of the group-version's own version that its operations reach and that nobody before claimed. */
function claim(
  type: string,
  gv: GroupVersion,
  client: ClientPackage,
  owners: Map<string, GroupVersion>,
  seen: Set<string>,
) {
  for (const model of modelsIn(type, client)) {
    if (seen.has(model.name)) continue;
    seen.add(model.name);
    const version = modelNamePattern.exec(model.name)?.groups?.['version'];
    if (`v${version}` === gv.version && !owners.has(model.name)) owners.set(model.name, gv);
    for (const attribute of model.attributes) claim(attribute.type, gv, client, owners, seen);
  }
}

function ownersOf(client: ClientPackage): Map<string, GroupVersion> {
  const byGroupVersion = new Map<string, { gv: GroupVersion; operations: ClientOperation[] }>();
  for (const operation of client.operations) {
    const gv = groupVersionOf(operation.path);
    if (gv === undefined) continue;
    const key = `${gv.group}/${gv.version}`;
    const entry = byGroupVersion.get(key) ?? { gv, operations: [] };
    entry.operations.push(operation);
    byGroupVersion.set(key, entry);
  }
  const owners = new Map<string, GroupVersion>();
  for (const [, { gv, operations }] of [...byGroupVersion].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const seen = new Set<string>();
    for (const { body = '', responses } of operations) {
      for (const type of [body, ...responses.values()]) claim(type, gv, client, owners, seen);
    }
  }
  return owners;
}

function groupOfPrefix(prefix: string, owners: ReadonlyMap<string, GroupVersion>): string | undefined {
  const groups = new Set([...owners.values()].map((gv) => gv.group));
  if (prefix === 'Core') return '';
  return [...groups].find((group) => group.split('.')[0] === prefix.toLowerCase());
}

/** OpenAPI names of the client's models: `V1Pod` is `io.k8s.api.core.v1.Pod`. */
export function typeNames(client: ClientPackage, overlay: TypesOverlay): Map<string, string> {
  const owners = ownersOf(client);
  const names = new Map<string, string>([['VersionInfo', 'io.k8s.apimachinery.pkg.version.Info']]);
  for (const model of client.models.keys()) {
    const { prefix, version = '', name = '' } = modelNamePattern.exec(model)?.groups ?? {};
    const owner = owners.get(model);
    const group = prefix === undefined ? owner?.group : groupOfPrefix(prefix, owners);
    const listed = overlay.models[model];
    if (listed !== undefined) names.set(model, fullTypeName(listed));
    else if (prefix === undefined && version === '1' && overlay.meta.includes(name))
      names.set(model, `${meta}.${name}`);
    else if (group !== undefined) names.set(model, `${packageOf(overlay, { group, version: `v${version}` })}.${name}`);
  }
  return names;
}

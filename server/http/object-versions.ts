import { cloneJson } from '../../api/clone.ts';
import { goQuote } from '../../api/go-text.ts';
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../api/object.ts';
import type { Decoder } from '../../api/schema/decode.ts';
import { createNullFiller } from '../../api/schema/null-filler.ts';
import type { SchemaDocument } from '../../api/schema/schema.ts';
import type { AdmissionRequest } from '../admission/plugin.ts';
import type { ObjectVersions, VersionedPlace } from '../admission/versions.ts';
import { type ServedResource, withHead } from '../registry/resource.ts';
import type { ResourceTable } from '../registry/resources.ts';
import { decodeValue, toHub } from './handlers/handler.ts';
import { convertFromHub } from './render.ts';

export interface ObjectVersionsDeps {
  readonly resources: ResourceTable;
  readonly decoder: Decoder;
  readonly schema: SchemaDocument;
}

/** Objects of admission in the versions that its plug-ins ask for. */
export function createObjectVersions({ resources, decoder, schema }: ObjectVersionsDeps): ObjectVersions {
  const fill = createNullFiller(schema);
  let typeNames: ReadonlyMap<string, string> | undefined;
  const typeNameOf = (kind: GroupVersionKind): string | undefined => {
    typeNames ??= typeNamesOf(schema);
    return typeNames.get(keyOf(kind));
  };
  const servedAt = ({ resource }: VersionedPlace): ServedResource | undefined =>
    resources.served(resource.group, resource.version, resource.resource);
  /** The resource whose own objects stand there; undefined for kinds that only subresources have. */
  const ownKindAt = (place: VersionedPlace): ServedResource | undefined => {
    const served = servedAt(place);
    return served !== undefined && keyOf(served.definition) === keyOf(place.kind) ? served : undefined;
  };
  /** What the request speaks; objects of custom resources are in that version. */
  const requested = ({ group, version, resource }: AdmissionRequest): ServedResource | undefined =>
    resources.served(group, version, resource);

  return {
    equivalents(place) {
      const served = servedAt(place);
      if (served === undefined) return [place];
      return resources.versionsOf(served.stored).flatMap(({ definition }): VersionedPlace[] => {
        const kind = kindAt(definition, place.subresource);
        if (kind === undefined) return [];
        const { group, version, resource } = definition;
        return [{ resource: { group, version, resource }, subresource: place.subresource, kind }];
      });
    },
    present(request, object, place) {
      const served = ownKindAt(place);
      if (served === undefined) return presentOther(object, place.kind);
      const { custom } = requested(request) ?? served;
      if (custom !== undefined && place.kind.version !== request.version)
        return custom.convert(cloneJson(object) as KubeObject, apiVersionOf(place.kind));
      // Conversion copies what it gets.
      const source = served.conversion === undefined ? cloneJson(object) : object;
      const shown = convertFromHub(served, source as KubeObject);
      served.fillNulls(shown);
      return shown;
    },
    accept(request, given, place) {
      const { kind } = place;
      checkKind(given, kind);
      const value = withoutUndefined(given) as KubeObject;
      const served = ownKindAt(place);
      if (served === undefined) {
        const typeName = typeNameOf(kind);
        return typeName === undefined ? value : (decoder.decode(typeName, value).object as KubeObject);
      }
      const decoded = decodeValue({ decoder }, served, value).object as KubeObject;
      const asked = requested(request);
      if (served.custom === undefined || asked?.custom === undefined || asked === served) return toHub(served, decoded);
      return convertBack(served, asked, decoded);
    },
  };

  function presentOther(object: Readonly<KubeObject>, kind: GroupVersionKind): KubeObject {
    const copy = cloneJson(object) as KubeObject;
    const head = { kind: kind.kind, apiVersion: apiVersionOf(kind) };
    // Options of connections have no metadata.
    const shown = copy.metadata === undefined ? { ...head, ...copy, ...head } : withHead(copy, kind);
    const typeName = typeNameOf(kind);
    if (typeName !== undefined) fill(typeName, shown);
    return shown;
  }
}

async function convertBack(from: ServedResource, to: ServedResource, object: KubeObject): Promise<KubeObject> {
  const converted = await from.custom?.convert(object, apiVersionOf(to.definition));
  const result = converted ?? object;
  to.custom?.settle(result, false);
  return toHub(to, result);
}

function keyOf({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}

function typeNamesOf(schema: SchemaDocument): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(schema.types).flatMap(([name, { gvk = [] }]) =>
      gvk.map(([group = '', version = '', kind = '']) => [keyOf({ group, version, kind }), name] as const),
    ),
  );
}

/** The kind of a subresource's objects, or of the resource's own. */
function kindAt(definition: ServedResource['definition'], subresource: string): GroupVersionKind | undefined {
  const { group, version, kind } = definition;
  if (subresource === '') return { group, version, kind };
  const found = definition.subresources?.find(({ name }) => name === subresource);
  if (found === undefined) return undefined;
  return { group: found.group, version: found.version, kind: found.kind };
}

function checkKind(value: KubeObject, wanted: GroupVersionKind): void {
  const apiVersion = apiVersionOf(wanted);
  const given = { apiVersion: value.apiVersion ?? apiVersion, kind: value.kind ?? wanted.kind };
  if (given.apiVersion === apiVersion && given.kind === wanted.kind) return;
  throw new Error(
    `no kind ${goQuote(given.kind)} is registered for version ${goQuote(given.apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}

/** Objects of the server have members that are undefined, which JSON knows nothing of. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const result: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) if (member !== undefined) result[key] = withoutUndefined(member);
  return result;
}

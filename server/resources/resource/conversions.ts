import type { KubeObject } from '../../../api/object.ts';
import type { Conversion } from '../../registry/conversion.ts';

type Fields = Record<string, unknown>;

/** v1beta1 has what v1 keeps under `exactly` in the request itself. */
const exactFields = [
  'deviceClassName',
  'selectors',
  'allocationMode',
  'count',
  'adminAccess',
  'tolerations',
  'capacity',
];

function split(object: Fields, inner: readonly string[]): [outer: Fields, inner: Fields] {
  const entries = Object.entries(object);
  return [
    Object.fromEntries(entries.filter(([field]) => !inner.includes(field))),
    Object.fromEntries(entries.filter(([field]) => inner.includes(field))),
  ];
}

function nestRequest(request: Fields): Fields {
  const [outer, exactly] = split(request, exactFields);
  const alternatives = (request['firstAvailable'] ?? []) as readonly unknown[];
  // A request without alternatives is an exact one, if only by its defaults.
  return Object.keys(exactly).length === 0 && alternatives.length > 0 ? outer : { ...outer, exactly };
}

function flattenRequest({ exactly, ...outer }: Fields): Fields {
  return { ...outer, ...(exactly as Fields | undefined) };
}

function nestDevice({ name, ...basic }: Fields): Fields {
  return { ...(name === undefined ? {} : { name }), basic };
}

function flattenDevice({ basic, ...outer }: Fields): Fields {
  return { ...outer, ...(basic as Fields | undefined) };
}

/** The object with the list at a path replaced, where there is one; nothing of the argument is changed. */
function withList(
  object: Readonly<KubeObject>,
  path: readonly string[],
  convert: (item: Fields) => Fields,
): KubeObject {
  const replace = (at: unknown, [field, ...rest]: readonly string[]): unknown => {
    if (field === undefined) return Array.isArray(at) ? at.map((item: Fields) => convert(item)) : at;
    if (typeof at !== 'object' || at === null) return at;
    const holder = at as Fields;
    return holder[field] === undefined ? at : { ...holder, [field]: replace(holder[field], rest) };
  };
  return replace(object, path) as KubeObject;
}

function versioned(object: KubeObject, version: string): KubeObject {
  return { ...object, apiVersion: `resource.k8s.io/${version}` };
}

function conversion(
  resource: string,
  path: readonly string[],
  to: (item: Fields) => Fields,
  from: (item: Fields) => Fields,
): Conversion {
  return {
    group: 'resource.k8s.io',
    resource,
    version: 'v1beta1',
    toHub: (object) => versioned(withList(object, path, to), 'v1'),
    fromHub: (object) => versioned(withList(object, path, from), 'v1beta1'),
  };
}

/** v1beta2 and v1 differ in nothing but their names. */
export const resourceConversions: readonly Conversion[] = [
  conversion('resourceclaims', ['spec', 'devices', 'requests'], nestRequest, flattenRequest),
  conversion('resourceclaimtemplates', ['spec', 'spec', 'devices', 'requests'], nestRequest, flattenRequest),
  conversion('resourceslices', ['spec', 'devices'], flattenDevice, nestDevice),
];

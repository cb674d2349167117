import { readOverlay } from './overlay.ts';

/** Number, JSON name and type: a scalar, a message by its full name, `[]T` or `map<string,T>`. */
export type ProtobufField = readonly [number: number, name: string, type: string];

/** `api/generated/protobuf.json`. An OpenAPI type finds its message by `messageNameOf`. */
export type ProtobufMessages = Readonly<Record<string, readonly ProtobufField[]>>;

const shortPackages: readonly (readonly [string, string])[] = [
  ['meta.', 'k8s.io.apimachinery.pkg.apis.meta.v1.'],
  ['core.', 'k8s.io.api.core.v1.'],
];

/** `io.k8s.kube-aggregator.pkg…APIService` is `k8s.io.kube_aggregator.pkg…APIService`. */
export function messageNameOf(type: string): string {
  return type.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');
}

function fullType(type: string, ownPackage: string): string {
  const [, before = '', name = '', after = ''] = /^(\[\]|map<\w+,)?([^>]*)(>?)$/.exec(type) ?? [];
  if (/^[a-z0-9]+$/.test(name)) return type;
  const short = shortPackages.find(([prefix]) => name.startsWith(prefix));
  const full =
    short === undefined
      ? name.includes('.')
        ? name
        : `${ownPackage}.${name}`
      : short[1] + name.slice(short[0].length);
  return before + full + after;
}

function parseFields(row: string, ownPackage: string): ProtobufField[] {
  let previous = 0;
  return row.split('; ').map((text): ProtobufField => {
    const [, number, name = '', type = 'string'] = /^(?:(\d+)=)?(\S+)(?: (\S+))?$/.exec(text) ?? [];
    previous = number === undefined ? previous + 1 : Number(number);
    return [previous, name, fullType(type, ownPackage)];
  });
}

export function protobufMessages(): ProtobufMessages {
  const rows = readOverlay('protobuf.yaml') as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(rows).map(([key, row]) => {
      const name = key.startsWith('k8s.io.') ? key : `k8s.io.api.${key}`;
      return [name, row === '' ? [] : parseFields(row, name.split('.').slice(0, -1).join('.'))];
    }),
  );
}

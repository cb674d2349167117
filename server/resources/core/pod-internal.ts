import { podLayout } from './pod-internal-layout.ts';
import type { PodSpec } from './pod-types.ts';

interface Field {
  readonly name: string;
  readonly key: string;
  readonly kind: string;
}

type Layouts = Map<string, readonly Field[]>;

function fieldsOf(type: string, layouts: Layouts): readonly Field[] {
  const known = layouts.get(type);
  if (known !== undefined) return known;
  const fields = (podLayout[type] ?? '').split(' ').map((text): Field => {
    const [left = '', kind = ''] = text.split(/:(.*)/);
    const [name = '', key] = left.split('=');
    return { name, key: key ?? name.charAt(0).toLowerCase() + name.slice(1), kind };
  });
  layouts.set(type, fields);
  return fields;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function internalStruct(value: unknown, type: string, layouts: Layouts): Record<string, unknown> {
  const source = isRecord(value) ? value : {};
  const result: Record<string, unknown> = {};
  for (const { name, key, kind } of fieldsOf(type, layouts)) result[name] = internalField(source[key], kind, layouts);
  return result;
}

function internalField(value: unknown, kind: string, layouts: Layouts): unknown {
  switch (kind) {
    case '':
      return value ?? '';
    case 'n':
      return value ?? 0;
    case 'b':
      return value ?? false;
    case 'q':
      return value ?? '0';
    case '{}':
      return isRecord(value) ? sorted(value) : null;
    case '*LabelSelector':
      return value ?? null;
  }
  if (kind.startsWith('*'))
    return value === undefined || kind === '*' ? (value ?? null) : internalStruct(value, kind.slice(1), layouts);
  if (!kind.startsWith('[]')) return internalStruct(value, kind, layouts);
  if (!Array.isArray(value)) return null;
  return kind === '[]' ? value : value.map((item) => internalStruct(item, kind.slice(2), layouts));
}

function sorted(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A value of one of the pod types as upstream's internal type of that name serialises it. */
export function toInternal(value: unknown, type: string): Record<string, unknown> {
  return internalStruct(value, type, new Map());
}

/** Upstream keeps the host namespaces of a pod with its security context. */
export function toInternalPodSpec(spec: Readonly<PodSpec>): Record<string, unknown> {
  const { hostNetwork, hostPID, hostIPC, hostUsers, shareProcessNamespace } = spec;
  const host = { hostNetwork, hostPID, hostIPC, hostUsers, shareProcessNamespace };
  return toInternal({ ...spec, securityContext: { ...spec.securityContext, ...host } }, 'PodSpec');
}

/** JSON as Go indents and escapes it. */
export function goJson(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

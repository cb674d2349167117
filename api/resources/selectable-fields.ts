import type { KubeObject } from '../object.ts';
export interface SelectableFields {
  get(object: Readonly<KubeObject>, field: string): string;
  check(field: string): string | undefined;
  readonly indexed: readonly string[];
}
export function selectableFields(_group: string, _version: string, _resource: string): SelectableFields {
  return {
    get: (o, f) => {
      let v: unknown = o;
      for (const p of f.split('.')) v = (v as Record<string, unknown> | undefined)?.[p];
      return String(v ?? '');
    },
    check: () => undefined,
    indexed: [],
  };
}

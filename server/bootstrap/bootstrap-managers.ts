import type { ManagedFields } from '../../api/apply/managers.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Manage } from '../registry/field-management.ts';
import type { ServedResource } from '../registry/resource.ts';
import type { BootstrapObject } from './bootstrap-object.ts';

export interface BootstrapFields {
  updating(served: ServedResource, subresource: string, manager: string): Manage;
  apply(
    served: ServedResource,
    subresource: string,
    source: {
      readonly live: KubeObject;
      readonly applied: unknown;
      readonly manager: string;
      readonly force: boolean;
    },
  ): KubeObject | Promise<KubeObject>;
}

type Json = Record<string, unknown>;

function without(object: KubeObject, chosen: readonly string[]): KubeObject {
  const { spec } = object as { spec?: Json };
  if (chosen.length === 0 || spec === undefined) return object;
  const sent = Object.entries(spec).filter(([name]) => !chosen.includes(name));
  return { ...object, spec: Object.fromEntries(sent) } as KubeObject;
}

/** Apply configurations leave empty texts out. */
function withoutEmptyTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === '' ? [] : [[name, withoutEmptyTexts(member)]])),
  );
}

/** The managedFields of an object that is there from the start, as if its clients had written it. */
export async function bootstrapManagers(
  fields: BootstrapFields,
  served: ServedResource,
  { object, chosen = [], manager = 'kube-apiserver', statusManager }: BootstrapObject,
): Promise<ManagedFields | undefined> {
  const managedFields = await fields.updating(served, '', manager)(undefined, without(object, chosen));
  const { apiVersion, kind, metadata, status } = object as KubeObject & { status?: unknown };
  if (statusManager === undefined || status === undefined) return managedFields;
  const applied = { apiVersion, kind, metadata: { name: metadata?.name }, status: withoutEmptyTexts(status) };
  const live = { ...object, status: {}, metadata: { ...metadata, managedFields } } as KubeObject;
  const made = await fields.apply(served, 'status', { live, applied, manager: statusManager, force: true });
  return made.metadata?.managedFields;
}

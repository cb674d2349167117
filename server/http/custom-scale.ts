import type { ReplicasPaths } from '../../api/apply/scale.ts';
import type { KubeObject } from '../../api/object.ts';
import { badRequest, internalErrorStatus, StatusError } from '../../api/status.ts';
import type { CustomKind, ScalePaths } from '../registry/custom-kind.ts';
import type { Scale } from '../resources/apps/scale.ts';

/** How one resource shows its size. */
export interface Scaling {
  show(object: Readonly<KubeObject>): Scale;
  /** The Scale that a change begins with. */
  before(object: Readonly<KubeObject>): Scale;
  /** Carries a Scale over to a copy of its object. */
  carry(object: KubeObject, scale: Readonly<Scale>): void;
  readonly paths: ReplicasPaths;
}

/** Stands for a number that is not there: the smallest int32. */
const nothing = -2_147_483_648;

function valueAt(object: unknown, path: readonly string[], wanted: 'number' | 'string'): unknown {
  let value: unknown = object;
  for (const [i, name] of path.entries()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const shown = `.${path.slice(0, i).join('.')}`;
      throw new StatusError(
        '',
        `${shown} accessor error: ${goText(value)} is of the type ${goType(value)}, expected map[string]interface{}`,
      );
    }
    value = (value as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) return undefined;
  }
  if (typeof value === wanted && (wanted === 'string' || Number.isInteger(value))) return value;
  const type = wanted === 'number' ? 'int64' : 'string';
  throw new StatusError(
    '',
    `.${path.join('.')} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${type}`,
  );
}

function goText(value: unknown): string {
  if (value === null) return '<nil>';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

function scaleFrom(paths: ScalePaths, object: Readonly<KubeObject>): { scale: Scale; found: boolean } {
  const replicas = valueAt(object, paths.spec, 'number') as number | undefined;
  const current = (valueAt(object, paths.status, 'number') ?? 0) as number;
  const selector = (paths.selector === undefined ? '' : (valueAt(object, paths.selector, 'string') ?? '')) as string;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const scale: Scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: replicas === undefined || replicas === 0 ? {} : { replicas },
    status: { replicas: current, ...(selector === '' ? {} : { selector }) },
  };
  return { scale, found: replicas !== undefined };
}

function set(object: KubeObject, path: readonly string[], value: unknown): void {
  let at = object as Record<string, unknown>;
  for (const name of path.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = value;
}

/** Custom resources say where their replicas are. */
export function customScaling(custom: CustomKind): Scaling {
  const paths = custom.scale;
  if (paths === undefined) throw new Error('a scale subresource without paths');
  const missing = JSON.stringify(paths.specText);
  return {
    show(object) {
      const { scale, found } = scaleFrom(paths, object);
      if (!found) throw internalErrorStatus(`the spec replicas field ${missing} does not exist`);
      return scale;
    },
    before(object) {
      const { scale, found } = scaleFrom(paths, object);
      if (!found) scale.spec = { replicas: nothing };
      return scale;
    },
    carry(object, scale) {
      const replicas = scale.spec?.replicas ?? 0;
      if (replicas === nothing) throw badRequest(`the spec replicas field ${missing} cannot be empty`);
      set(object, paths.spec, replicas);
    },
    paths: custom.replicasPaths,
  };
}

import type { ReplicasPaths } from '../../api/apply/scale.ts';
import type { KubeObject } from '../../api/object.ts';
import { badRequest, internalErrorStatus } from '../../api/status.ts';
import { nestedValue } from '../extension/nested-value.ts';
import type { CustomKind, ScalePaths } from '../registry/custom-kind.ts';
import type { Scale } from '../resources/apps/scale.ts';

/** How one resource shows its size. */
export interface Scaling {
  show(object: Readonly<KubeObject>): Scale;
  /** For those who ask for it; refuses where nothing says how many. */
  read(object: Readonly<KubeObject>): Scale;
  /** The Scale that a change begins with. */
  before(object: Readonly<KubeObject>): Scale;
  /** Carries a Scale over to a copy of its object. */
  carry(object: KubeObject, scale: Readonly<Scale>): void;
  readonly paths: ReplicasPaths;
}

/** Stands for a number that is not there: the smallest int32. */
const nothing = -2_147_483_648;

function scaleFrom(paths: ScalePaths, object: Readonly<KubeObject>): { scale: Scale; found: boolean } {
  const replicas = nestedValue(object, paths.spec, 'number') as number | undefined;
  const current = (nestedValue(object, paths.status, 'number') ?? 0) as number;
  const selector = (
    paths.selector === undefined ? '' : (nestedValue(object, paths.selector, 'string') ?? '')
  ) as string;
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
    show: (object) => scaleFrom(paths, object).scale,
    read(object) {
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

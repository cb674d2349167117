import type { FuzzKind } from './kinds.ts';
import type { Random } from './random.ts';
import { changed, generate, type Json, leaf, mergePatch, mutation, object, type Shape } from './shapes.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

export interface Sequence {
  /** `live` is what the server holds now; undefined: nothing. */
  next(live: Json | undefined): Request;
  /** Of the object itself. */
  readonly path: string;
}

const managers = ['one', 'two', 'three'] as const;
const scaleShape = object({ spec: object({ replicas: leaf(1, 2, 4, 9) }, ['replicas']) }, ['spec']);

/** The steps of one object: three managers create, apply, update, patch and delete it. */
export function createSequence(random: Random, kind: FuzzKind, namespace: string, name: string): Sequence {
  const { plural, apiVersions } = kind;
  const lastApplied = new Map<string, unknown>();
  const collection = (apiVersion: string): string =>
    `/api${apiVersion === 'v1' ? '' : 's'}/${apiVersion}/namespaces/${namespace}/${plural}`;
  const statusShape: Shape = object({ status: kind.status ?? leaf({}) }, ['status']);
  const headed = (value: unknown, apiVersion: string, head: Json = {}): Json => {
    const given = (typeof value === 'object' && value !== null ? value : {}) as Json;
    const metadata = { ...(given['metadata'] as Json | undefined), name, namespace, ...head };
    return { ...given, apiVersion, kind: kind.kind, metadata };
  };

  const apply = (manager: string, apiVersion: string, subresource: string): Request => {
    const shape = subresource === 'status' ? statusShape : kind.shape;
    const slot = `${manager} ${subresource}`;
    const before = lastApplied.get(slot);
    const config =
      before === undefined || random.chance(0.3)
        ? generate(random, shape)
        : changed(before, mutation(random, shape, before));
    lastApplied.set(slot, config);
    const force = random.chance(0.45) ? '&force=true' : '';
    const suffix = subresource === '' ? '' : `/${subresource}`;
    return {
      method: 'PATCH',
      path: `${collection(apiVersion)}/${name}${suffix}?fieldManager=${manager}${force}`,
      contentType: 'application/apply-patch+yaml',
      body: headed(config, apiVersion),
    };
  };
  const scale = (manager: string, apiVersion: string): Request => {
    const force = random.chance(0.5) ? '&force=true' : '';
    const scaled = generate(random, scaleShape) as Json;
    const isApply = random.chance(0.6);
    const { spec } = scaled;
    return {
      method: 'PATCH',
      path: `${collection(apiVersion)}/${name}/scale?fieldManager=${manager}${isApply ? force : ''}`,
      contentType: isApply ? 'application/apply-patch+yaml' : 'application/merge-patch+json',
      body: isApply ? { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name, namespace }, spec } : { spec },
    };
  };
  const change = (live: Json, manager: string, apiVersion: string): Request => {
    const isStatus = kind.hasStatus && random.chance(0.3);
    const shape = isStatus ? statusShape : kind.shape;
    const path = `${collection(apiVersion)}/${name}${isStatus ? '/status' : ''}?fieldManager=${manager}`;
    const change = mutation(random, shape, live);
    const way = random.int(10);
    if (way < 4) {
      const { managedFields, ...metadata } = live['metadata'] as Json;
      const drop = random.chance(0.1);
      const kept = drop ? (random.chance(0.5) ? { managedFields: [{}] } : {}) : { managedFields };
      const next = changed({ ...live, metadata: { ...metadata, ...kept } }, change) as Json;
      return { method: 'PUT', path, body: { ...next, apiVersion } };
    }
    if (way < 6) {
      const pointer = change.path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
      const { op, value } = change;
      const body = [{ op, path: pointer, ...(op === 'remove' ? {} : { value: value ?? null }) }];
      return { method: 'PATCH', path, contentType: 'application/json-patch+json', body };
    }
    const isStrategic = way >= 8 && kind.hasStrategicPatch;
    const contentType = `application/${isStrategic ? 'strategic-merge-patch' : 'merge-patch'}+json`;
    const body = isStrategic ? generate(random, shape) : mergePatch(live, change);
    return { method: 'PATCH', path, contentType, body };
  };

  return {
    path: `${collection(apiVersions[0] ?? '')}/${name}`,
    next(live) {
      const manager = random.pick(managers);
      const apiVersion = random.pick(apiVersions);
      if (live === undefined && random.chance(0.3)) {
        const path = `${collection(apiVersion)}?fieldManager=${manager}`;
        return { method: 'POST', path, body: headed(generate(random, kind.shape), apiVersion) };
      }
      if (live === undefined || random.chance(0.5)) {
        const isStatus = kind.hasStatus && live !== undefined && random.chance(0.2);
        return apply(manager, apiVersion, isStatus ? 'status' : '');
      }
      if (random.chance(0.03)) return { method: 'DELETE', path: `${collection(apiVersion)}/${name}` };
      if (kind.hasScale && random.chance(0.12)) return scale(manager, apiVersion);
      return change(live, manager, apiVersion);
    },
  };
}

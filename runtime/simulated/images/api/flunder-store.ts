import { type Clock, type Random, toTime } from '../../../../api/clock.ts';
import { group, resources } from './wardle.ts';

/** What a client hears of as a Status. */
export class Failure extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

interface Metadata {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
}

interface Flunder extends Record<string, unknown> {
  metadata: Metadata;
}

interface Target {
  readonly plural: string;
  readonly namespace: string;
  readonly version: string;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: unknown;
}

export function statusOf({ code, reason, message }: Pick<Failure, 'code' | 'reason' | 'message'>): unknown {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

/** A few objects, in memory. */
export class FlunderStore {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #objects = new Map<string, Flunder>();
  readonly #watchers = new Set<(type: WatchEvent['type'], key: string, object: Flunder) => void>();
  #revision = 1;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Throws a Failure. */
  handle(
    method: string,
    target: Target & { readonly name: string },
    body: string,
  ): { readonly status: number; readonly object: unknown } {
    const { plural, name } = target;
    if (method === 'POST') return { status: 201, object: this.#create(target, body) };
    if (name === '' && method === 'GET') return { status: 200, object: this.#list(target) };
    if (name === '' && method === 'DELETE') {
      const all = this.#list(target);
      for (const key of this.#keysOf(target)) this.#remove(key);
      return { status: 200, object: all };
    }
    const key = keyOf(target, name);
    const old = this.#objects.get(key);
    if (old === undefined) throw new Failure(404, 'NotFound', `${plural}.${group} "${name}" not found`);
    if (method === 'GET') return { status: 200, object: shown(old, target) };
    if (method === 'DELETE') {
      this.#remove(key);
      return {
        status: 200,
        object: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Success',
          details: { name, group, kind: plural, uid: old.metadata.uid },
        },
      };
    }
    if (method === 'PUT' || method === 'PATCH')
      return { status: 200, object: this.#change(key, target, old, method, body) };
    throw new Failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }

  watch(target: Target, tell: (event: WatchEvent) => void): () => void {
    for (const key of this.#keysOf(target)) {
      const object = this.#objects.get(key);
      if (object !== undefined) tell({ type: 'ADDED', object: shown(object, target) });
    }
    const watcher = (type: WatchEvent['type'], key: string, object: Flunder): void => {
      if (isWithin(key, target)) tell({ type, object: shown(object, target) });
    };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #create(target: Target, body: string): unknown {
    const object = parse(body);
    const { metadata } = object;
    const name = metadata.name ?? `${metadata.generateName ?? ''}${this.#random.uuid().slice(0, 5)}`;
    const key = keyOf(target, name);
    if (this.#objects.has(key))
      throw new Failure(409, 'AlreadyExists', `${target.plural}.${group} "${name}" already exists`);
    const made: Flunder = {
      ...object,
      metadata: {
        ...metadata,
        name,
        ...(resources[target.plural]?.isNamespaced === true ? { namespace: target.namespace } : {}),
        uid: this.#random.uuid(),
        creationTimestamp: toTime(this.#clock.now()),
      },
    };
    return shown(this.#put(key, made, 'ADDED'), target);
  }

  #change(key: string, target: Target, old: Flunder, method: string, body: string): unknown {
    const given = parse(body);
    const { resourceVersion } = given.metadata;
    if (method === 'PUT' && resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw new Failure(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${target.plural}.${group} "${old.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
      );
    const next = method === 'PUT' ? given : (merged(old, given) as Flunder);
    const { uid = '', creationTimestamp = '' } = old.metadata;
    const changed = { ...next, metadata: { ...next.metadata, uid, creationTimestamp } };
    return shown(this.#put(key, changed, 'MODIFIED'), target);
  }

  #put(key: string, object: Flunder, type: WatchEvent['type']): Flunder {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } };
    this.#objects.set(key, stored);
    for (const watcher of this.#watchers) watcher(type, key, stored);
    return stored;
  }

  #remove(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#revision++;
    for (const watcher of this.#watchers) watcher('DELETED', key, object);
  }

  #keysOf(target: Target): string[] {
    return [...this.#objects.keys()].filter((key) => isWithin(key, target)).toSorted();
  }

  #list(target: Target): unknown {
    const items = this.#keysOf(target).map((key) => shown(this.#objects.get(key) ?? { metadata: {} }, target));
    return {
      kind: `${resources[target.plural]?.kind}List`,
      apiVersion: `${group}/${target.version}`,
      metadata: { resourceVersion: String(this.#revision) },
      items,
    };
  }
}

function keyOf({ plural, namespace }: Target, name: string): string {
  return `${plural}/${namespace}/${name}`;
}

function isWithin(key: string, { plural, namespace }: Target): boolean {
  return key.startsWith(namespace === '' ? `${plural}/` : `${plural}/${namespace}/`);
}

function shown(object: Flunder, { plural, version }: Target): Flunder {
  return { ...object, kind: resources[plural]?.kind, apiVersion: `${group}/${version}` };
}

function parse(body: string): Flunder {
  try {
    const object = JSON.parse(body) as Partial<Flunder>;
    return { ...object, metadata: object.metadata ?? {} };
  } catch (error) {
    throw new Failure(
      400,
      'BadRequest',
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** A JSON merge patch. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

import { isDeepStrictEqual } from 'node:util';
import { type Connection, connectByKubeconfig } from '../tables-runner/connection.ts';
import { type Names, normalise } from '../tables-runner/normalise.ts';

/** The objects of a namespace as they stand after a step. */
export interface WatchedObjects extends Disposable {
  /** What has become different since the last call, by `resource/name`; null for what is gone. */
  changes(): Promise<Readonly<Record<string, unknown>>>;
}

interface Item {
  readonly metadata: { readonly name: string };
}

const applySet = /\bapplyset-[\w-]{43}-v1\b/g;

// Controllers make it in every namespace.
const notOfSteps = new Set(['configmaps/kube-root-ca.crt']);

function collectionPath(resource: string, ns: string): string {
  const [plural = '', ...group] = resource.split('.');
  const root = group.length === 0 ? '/api/v1' : `/apis/${group.join('.')}/v1`;
  return `${root}/namespaces/${ns}/${plural}`;
}

/** Texts that hold an object (what was applied last) are compared as objects; names made from the namespace's do not count. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value === 'string')
    return value.startsWith('{') ? parsed(value) : value.replace(applySet, 'applyset-{id}');
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, readable(member)]));
}

function parsed(text: string): unknown {
  try {
    return readable(JSON.parse(text));
  } catch {
    return text;
  }
}

async function itemsOf(connection: Connection, path: string): Promise<readonly Item[]> {
  const { status, text } = await connection.send({ method: 'GET', path, headers: {} });
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
  return (JSON.parse(text) as { items: readonly Item[] }).items;
}

/** `resources` are served in version v1 of their group. */
export function watchObjects(
  kubeconfig: string,
  resources: readonly string[],
  names: Omit<Names, 'managers'>,
): WatchedObjects {
  const connection = connectByKubeconfig(kubeconfig);
  let before = new Map<string, unknown>();
  const changes = async (): Promise<Record<string, unknown>> => {
    const now = new Map<string, unknown>();
    for (const resource of resources) {
      for (const item of await itemsOf(connection, collectionPath(resource, names.ns))) {
        const id = `${resource}/${item.metadata.name}`;
        if (!notOfSteps.has(id)) now.set(id, normalise(readable(item), { ...names, managers: true }, Date.now()));
      }
    }
    const different: Record<string, unknown> = {};
    for (const id of [...new Set([...before.keys(), ...now.keys()])].sort()) {
      if (!isDeepStrictEqual(before.get(id), now.get(id))) different[id] = now.get(id) ?? null;
    }
    before = now;
    return different;
  };
  return { changes, [Symbol.dispose]: () => connection[Symbol.dispose]() };
}

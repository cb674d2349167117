import type { Connection } from '../tables-runner/connection.ts';
import type { Names } from '../tables-runner/normalise.ts';
import { valueAt } from '../tables-runner/path.ts';

/** Removes what a case made, last first, and its namespace. */
export interface Leftovers {
  note(method: string, path: string, status: number, answer: unknown): void;
  namespaceMade(): void;
  remove(): Promise<void>;
}

const background = JSON.stringify({
  kind: 'DeleteOptions',
  apiVersion: 'v1',
  propagationPolicy: 'Background',
  gracePeriodSeconds: 0,
});

export function createLeftovers(
  names: Names,
  connection: () => Connection,
  namespacesEmptyThemselves: boolean,
): Leftovers {
  const made = new Set<string>();
  let hasNamespace = false;

  const send = (method: string, path: string, body?: string, type = 'application/json') =>
    connection()
      .send({
        method,
        path,
        headers: body === undefined ? {} : { 'Content-Type': type },
        ...(body === undefined ? {} : { body }),
      })
      .catch(() => undefined);

  /** Finalizers of controllers that this cluster may not have are taken away. */
  const removeObject = async (path: string): Promise<void> => {
    const gone = await send('DELETE', path, background);
    if (gone === undefined || gone.status === 404) return;
    const { status, text } = (await send('GET', path)) ?? { status: 404, text: '' };
    if (status === 200 && /"finalizers":\s*\[/.test(text))
      await send('PATCH', path, '{"metadata":{"finalizers":null}}', 'application/merge-patch+json');
  };

  const removeNamespace = async (): Promise<void> => {
    const path = `/api/v1/namespaces/${names.ns}`;
    await send('DELETE', path);
    if (namespacesEmptyThemselves) return;
    // Nobody empties it: what its birth left there goes by hand, and then the namespace itself.
    for (const kind of ['serviceaccounts', 'configmaps', 'events']) await send('DELETE', `${path}/${kind}`);
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: names.ns }, spec: { finalizers: [] } };
    await send('PUT', `${path}/finalize`, JSON.stringify(body));
  };

  return {
    note: (method, path, status, answer) => {
      const [at = ''] = path.split('?');
      const name = valueAt(answer, 'metadata.name');
      if (status !== 201 || typeof valueAt(answer, 'metadata.uid') !== 'string' || typeof name !== 'string') return;
      if (path.includes('dryRun=')) return;
      made.add(method === 'POST' ? `${at}/${name}` : at);
    },
    namespaceMade: () => {
      hasNamespace = true;
    },
    remove: async () => {
      const inside = `/namespaces/${names.ns}/`;
      const paths = [...made].reverse();
      for (const path of paths) if (!namespacesEmptyThemselves || !path.includes(inside)) await removeObject(path);
      if (hasNamespace) await removeNamespace();
    },
  };
}

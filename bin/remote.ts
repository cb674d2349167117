import { readFile } from 'node:fs/promises';
import type { Catalog } from '../api/catalog.ts';
import type { ApiClient } from '../api/client.ts';
import { apiVersionOf } from '../api/object.ts';
import { createHttpClient } from '../runtime/transport/http-client.ts';
import { HttpConnection } from '../runtime/transport/http-connection.ts';
import { accessOf } from '../runtime/transport/kubeconfig.ts';

/** Another API server, as parts that run as processes of their own see it. */
export interface Remote {
  /** Its URL. */
  readonly server: string;
  readonly client: ApiClient;
  /** PEM: what verifies the server. */
  readonly rootCA: string;
  /** Resolves with SIGINT or SIGTERM; the process lives until then. */
  untilSignal(): Promise<void>;
  close(): void;
}

export async function openRemote(kubeconfig: string, component: string): Promise<Remote> {
  const access = await accessOf(kubeconfig, component);
  const connection = new HttpConnection(access);
  const file = new URL('../api/generated/resources.json', import.meta.url);
  const { resources } = JSON.parse(await readFile(file, 'utf8')) as Catalog;
  const kinds = new Map(resources.map((one) => [`${apiVersionOf(one)}/${one.resource}`, one.kind]));
  return {
    server: access.server,
    client: createHttpClient(connection, (resource) => kinds.get(`${apiVersionOf(resource)}/${resource.resource}`)),
    rootCA: access.tls.ca === undefined ? '' : String(access.tls.ca),
    untilSignal: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      // Timers of the parts do not keep a process alive: this does.
      const alive = setInterval(() => undefined, 60_000);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.removeAllListeners(signal);
        process.once(signal, () => {
          clearInterval(alive);
          resolve();
        });
      }
      return promise;
    },
    close: () => connection[Symbol.dispose](),
  };
}

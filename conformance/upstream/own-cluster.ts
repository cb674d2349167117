import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../clients/server.ts';
import { attach } from '../reference/attach.ts';
import { stopAll } from '../reference/processes.ts';

export interface OwnCluster extends AsyncDisposable {
  readonly kubeconfig: string;
}

/** Our server with its own controllers and scheduler; kwok's nodes stand in for what it does not have yet. */
export async function startOwnCluster(): Promise<OwnCluster> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'kubefacade-upstream-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const server = stack.use(
    await startServer({ storage: 'leveldb', dataDir: join(folder, 'data'), flags: ['--controllers=*'] }),
  );
  const parts = join(folder, 'parts');
  stack.defer(async () => void (await stopAll(parts)));
  await attach(parts, server.kubeconfig, { scheduler: false, kwokNodes: 2, controllers: undefined }, []);
  const moved = stack.move();
  return { kubeconfig: server.kubeconfig, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

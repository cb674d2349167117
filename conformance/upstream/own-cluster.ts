import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../clients/server.ts';

export interface OwnCluster extends AsyncDisposable {
  readonly kubeconfig: string;
}

/** Our server as it starts by default: with its controllers, its scheduler and two nodes. */
export async function startOwnCluster(): Promise<OwnCluster> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'kubefacade-upstream-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const flags = ['--controllers=*', '--nodes=2'];
  const server = stack.use(await startServer({ storage: 'leveldb', dataDir: join(folder, 'data'), flags }));
  const moved = stack.move();
  return { kubeconfig: server.kubeconfig, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

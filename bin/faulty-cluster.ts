import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api/client.ts';
import type { Api } from '../api/object.ts';
import { seededRandom } from '../api/seeded-random.ts';
import type { ControllerDefinition } from '../runtime/framework/controller.ts';
import { startManager } from '../runtime/framework/manager.ts';
import { type ControllerManagerOptions, defaultOptions } from '../runtime/framework/options.ts';
import { faulty } from './faulty-client.ts';
import { openRemote } from './remote.ts';
import { spawnServer } from './spawned-server.ts';
import { systemClock, systemRandom } from './system.ts';

// For tests of what controllers make of faults.

const pods = { group: '', version: 'v1', resource: 'pods' } as const;
/** Time for a state to come to rest. */
const patienceMs = 240_000;

interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'kubefacade-faults-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface FaultyCluster extends AsyncDisposable {
  /** Without faults. */
  readonly client: ApiClient;
  /** How many of which name the controllers have met. */
  readonly faults: ReadonlyMap<string, number>;
}

/** A server, and controllers of which one request of ten fails, and whose watches break. */
export async function startFaultyCluster(
  controllers: readonly ControllerDefinition[],
  seed: number,
  options: Partial<ControllerManagerOptions> = {},
): Promise<FaultyCluster> {
  const folder = await temporaryFolder();
  const server = await spawnServer(folder.path, '--storage', 'memory', '--controllers=serviceaccount-controller');
  const remote = await openRemote(join(folder.path, 'kubeconfig'), 'faults');
  const { client, faults } = faulty(remote.client, seededRandom(seed));
  const manager = startManager(controllers, {
    clientFor: () => client,
    clock: systemClock,
    random: systemRandom,
    options: { ...defaultOptions, rootCA: '', ...options },
    onError: () => undefined,
  });
  return {
    client: remote.client,
    faults,
    [Symbol.asyncDispose]: async () => {
      await manager.close();
      remote.close();
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export interface KilledCluster extends AsyncDisposable {
  /** Of the server that runs now. */
  client(): ApiClient;
  /** Ends the server by kill -9 and starts it anew on the same data. */
  kill(): Promise<void>;
}

/** A server with all of its controllers, on a disk. */
export async function startKilledCluster(...flags: readonly string[]): Promise<KilledCluster> {
  const folder = await temporaryFolder();
  const start = async () => {
    const server = await spawnServer(folder.path, '--storage', 'leveldb', '--nodes=0', ...flags);
    return { server, remote: await openRemote(join(folder.path, 'kubeconfig'), 'faults') };
  };
  let { server, remote } = await start();
  return {
    client: () => remote.client,
    kill: async () => {
      server.child.kill('SIGKILL');
      await server.ended;
      remote.close();
      ({ server, remote } = await start());
    },
    [Symbol.asyncDispose]: async () => {
      remote.close();
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export type Pod = Readonly<Api<'io.k8s.api.core.v1.Pod'>>;

export interface PlayedNodes {
  stop(): Promise<void>;
}

/** Writes of pods that wait what a node would, as long as it runs. */
export function playNodes(client: () => ApiClient, statusOf: (pod: Pod) => object): PlayedNodes {
  let isStopped = false;
  const write = async (pod: Pod): Promise<void> => {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const target = { resource: pods, namespace, name, type: 'application/merge-patch+json' } as const;
    await client().patch(target, { status: statusOf(pod) }, { subresource: 'status' });
  };
  const play = async (): Promise<void> => {
    while (!isStopped) {
      try {
        const { items } = await client().list<Pod>(pods);
        const waiting = items.filter(
          ({ status, metadata }) => status?.phase === 'Pending' && metadata?.deletionTimestamp === undefined,
        );
        await Promise.all(waiting.slice(0, 10).map(write));
      } catch {
        // The pod or the server has gone: the next round will see.
      }
      await sleep(20);
    }
  };
  const playing = play();
  return {
    stop: () => {
      isStopped = true;
      return playing;
    },
  };
}

/** What is still wrong once nothing is wrong any more, or time is up. */
export async function problemsAtRest(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const deadline = Date.now() + patienceMs;
  let problems = await look();
  while (problems.length > 0 && Date.now() < deadline) {
    await sleep(100);
    problems = await look();
  }
  return problems;
}

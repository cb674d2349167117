import { hostname } from 'node:os';
import { leadWhileElected } from '../runtime/framework/leader-election.ts';
import type { RunningManager } from '../runtime/framework/manager.ts';
import type { Remote } from './remote.ts';
import { systemClock, systemRandom } from './system.ts';

export interface Elected {
  readonly remote: Remote;
  /** The lease's name in kube-system. */
  readonly component: string;
  /** Without election it starts at once. */
  readonly isElected: boolean;
  start(): RunningManager;
  onError(error: unknown): void;
}

/** Runs a part until a signal ends the process, or until another process has become the leader. */
export async function runElected({ remote, component, isElected, start, onError }: Elected): Promise<void> {
  const stop = new AbortController();
  void remote.untilSignal().then(() => stop.abort());
  const lead = async (signal: AbortSignal): Promise<void> => {
    const manager = start();
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await manager.close();
  };
  if (isElected) {
    process.stdout.write(`waiting for the lease ${component}\n`);
    const identity = `${hostname()}_${systemRandom.uuid()}`;
    const lease = { namespace: 'kube-system', name: component, identity };
    await leadWhileElected({ client: remote.client, clock: systemClock, ...lease, onError }, lead, stop.signal);
    // Whatever this process knew is stale now: whoever runs it starts it again.
    if (!stop.signal.aborted) throw new Error(`${component}: the lease was lost`);
  } else await lead(stop.signal);
  remote.close();
}

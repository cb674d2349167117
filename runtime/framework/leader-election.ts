import type { ApiClient } from '../../api/client.ts';
import { type Clock, toMicroTime } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';
import { sleep } from '../client/sleep.ts';
import { isAlreadyExists, isConflict, isNotFound } from './status-cause.ts';

type Lease = Api<'io.k8s.api.coordination.v1.Lease'>;

const leases = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;

export interface LeaderElection {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Distinguishes this process from all others that want the same lease. */
  readonly identity: string;
  /** Upstream's: 15 s, 10 s, 2 s. */
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  onError(error: unknown): void;
}

interface Seen {
  readonly record: string;
  readonly at: number;
}

/**
 * Waits until this process holds the lease, then runs `lead` until its signal aborts or the lease could not be renewed in time, which aborts
 * the signal that `lead` gets. A holder's time counts from when its renewal was seen here: clocks of others are not trusted.
 */
export async function leadWhileElected(
  election: LeaderElection,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, retryPeriodMs = 2000, renewDeadlineMs = 10_000 } = election;
  const state: { seen: Seen | undefined } = { seen: undefined };
  while (!signal.aborted && !(await tryToHold(election, state))) await sleep(clock, retryPeriodMs, signal);
  if (signal.aborted) return;
  const lost = new AbortController();
  signal.addEventListener('abort', () => lost.abort(), { once: true });
  const leading = lead(lost.signal);
  let renewed = clock.now();
  while (!lost.signal.aborted) {
    await sleep(clock, retryPeriodMs, lost.signal);
    if (lost.signal.aborted) break;
    if (await tryToHold(election, state)) renewed = clock.now();
    else if (clock.now() - renewed > renewDeadlineMs) lost.abort();
  }
  await leading;
  if (signal.aborted) await release(election);
}

async function tryToHold(election: LeaderElection, state: { seen: Seen | undefined }): Promise<boolean> {
  const { client, clock, namespace, name, identity, leaseDurationMs = 15_000 } = election;
  const now = clock.now();
  const held = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.round(leaseDurationMs / 1000),
    renewTime: toMicroTime(now),
  };
  try {
    const lease = await client.get<Lease>(leases, namespace, name);
    const { spec = {} } = lease;
    const record = JSON.stringify(spec);
    if (state.seen?.record !== record) state.seen = { record, at: now };
    const isOwn = spec.holderIdentity === identity;
    if (!isOwn && (spec.holderIdentity ?? '') !== '' && now < state.seen.at + leaseDurationMs) return false;
    const acquireTime = isOwn ? (spec.acquireTime ?? toMicroTime(now)) : toMicroTime(now);
    const leaseTransitions = (spec.leaseTransitions ?? 0) + (isOwn ? 0 : 1);
    await client.update<Lease>(leases, namespace, {
      ...lease,
      spec: { ...spec, ...held, acquireTime, leaseTransitions },
    });
    return true;
  } catch (error) {
    if (isNotFound(error)) return createHeld(election, held);
    if (!isConflict(error)) election.onError(error);
    return false;
  }
}

async function createHeld(
  { client, clock, namespace, name, onError }: LeaderElection,
  held: NonNullable<Lease['spec']>,
): Promise<boolean> {
  try {
    const spec = { ...held, acquireTime: toMicroTime(clock.now()), leaseTransitions: 0 };
    await client.create<Lease>(leases, namespace, { metadata: { name, namespace }, spec });
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) onError(error);
    return false;
  }
}

/** The next one need not wait until the lease has run out. */
async function release({ client, namespace, name, identity, onError }: LeaderElection): Promise<void> {
  try {
    const lease = await client.get<Lease>(leases, namespace, name);
    if (lease.spec?.holderIdentity !== identity) return;
    await client.update<Lease>(leases, namespace, {
      ...lease,
      spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 },
    });
  } catch (error) {
    onError(error);
  }
}

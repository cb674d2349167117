import type { Job } from './job.ts';
import { noBackoff, type PodBackoff } from './pod-backoff.ts';

interface Written {
  readonly uid: string | undefined;
  readonly revision: bigint;
}

/** What the controller knows of its Jobs that the informers do not show, or not yet. Lost at a restart without harm. */
export interface JobMemory {
  backoff(key: string): PodBackoff;
  setBackoff(key: string, backoff: PodBackoff): void;
  forgetBackoff(key: string): void;
  /** Pods that will soon be seen without their finalizer, by uid. */
  released(key: string): ReadonlySet<string>;
  expectReleases(key: string, uids: readonly string[]): void;
  releaseObserved(key: string, uid: string): void;
  wrote(key: string, job: Job): void;
  /** The informer has not seen the last write. */
  isBehind(key: string, job: Job): boolean;
  forget(key: string): void;
}

function revisionOf({ metadata }: Job): bigint {
  return BigInt(metadata?.resourceVersion ?? '0');
}

export function createJobMemory(): JobMemory {
  const backoffs = new Map<string, PodBackoff>();
  const releases = new Map<string, Set<string>>();
  const writes = new Map<string, Written>();
  return {
    backoff: (key) => backoffs.get(key) ?? noBackoff,
    setBackoff: (key, backoff) => void (backoff.failures > 0 ? backoffs.set(key, backoff) : backoffs.delete(key)),
    forgetBackoff: (key) => void backoffs.delete(key),
    released: (key) => new Set(releases.get(key)),
    expectReleases: (key, uids) => {
      if (uids.length > 0) releases.set(key, new Set([...(releases.get(key) ?? []), ...uids]));
    },
    releaseObserved: (key, uid) => {
      const expected = releases.get(key);
      expected?.delete(uid);
      if (expected?.size === 0) releases.delete(key);
    },
    wrote: (key, job) => void writes.set(key, { uid: job.metadata?.uid, revision: revisionOf(job) }),
    isBehind: (key, job) => {
      const written = writes.get(key);
      if (written === undefined) return false;
      if (written.uid === job.metadata?.uid && revisionOf(job) < written.revision) return true;
      writes.delete(key);
      return false;
    },
    forget: (key) => {
      backoffs.delete(key);
      releases.delete(key);
      writes.delete(key);
    },
  };
}

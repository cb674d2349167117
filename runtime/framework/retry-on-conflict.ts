import { isConflict } from './status-cause.ts';

const maxTries = 5;

/** Tries again, each time from the newest state, as long as others write in between. Upstream: retry.RetryOnConflict. */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= maxTries || !isConflict(error)) throw error;
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 20_000;

/** For tests: waits for something to become true. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
    await sleep(100);
  }
}

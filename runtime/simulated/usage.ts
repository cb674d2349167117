import type { Clock } from '../../api/clock.ts';
import type { Usage } from '../kubelet/pod-runtime.ts';

/** A thousandth of a core, and what a small program takes. */
const nanoCores = 1_000_000;
const memoryBytes = 4 * 1024 * 1024;

/** What a program uses that says nothing of it: little, and always the same. */
export function steadyUsage(clock: Clock): () => Usage {
  const startedAt = clock.now();
  return () => ({
    cpuNanoseconds: ((clock.now() - startedAt) / 1000) * nanoCores,
    cpuNanoCores: nanoCores,
    memoryBytes,
  });
}

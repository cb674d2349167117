import type { Clock } from '../../api/clock.ts';
import type { Usage } from '../kubelet/pod-runtime.ts';

/** A thousandth of a core, and what a small program takes. */
const nanoCores = 1_000_000;
const memoryBytes = 4 * 1024 * 1024;
/** What each of its processes takes beside that. */
export const bytesPerProcess = 524_288;

/** What a program uses that says nothing of it: little, and always the same. */
export function steadyUsage(clock: Clock, startedAt: number): Usage {
  return {
    cpuNanoseconds: ((clock.now() - startedAt) / 1000) * nanoCores,
    cpuNanoCores: nanoCores,
    memoryBytes,
  };
}

/** What users say of the life of pods on nodes. */
export interface NodeLifeOptions {
  /** Between restarts of a container that fails again and again. */
  readonly maxBackOffMs: number;
  /** How long nodes wait for their pods when the process is told to end, and how much of it critical pods have. */
  readonly shutdown: { readonly graceSeconds: number; readonly criticalSeconds: number };
}

export const nodeLifeFlags = {
  'max-container-restart-period': '5m',
  'shutdown-grace-period': '0s',
  'shutdown-grace-period-critical-pods': '0s',
} as const;

const second = 1000;
const [leastBackOffMs, mostBackOffMs] = [second, 300 * second];

/** Within the bounds that a kubelet's configuration has. */
export function nodeLifeOptions(
  get: (flag: keyof typeof nodeLifeFlags) => string,
  parseDuration: (flag: string, text: string) => number,
  refusal: (why: string) => Error,
): NodeLifeOptions {
  const durationOf = (flag: keyof typeof nodeLifeFlags): number =>
    get(flag) === '0' ? 0 : parseDuration(flag, get(flag));
  const maxBackOffMs = durationOf('max-container-restart-period');
  if (maxBackOffMs < leastBackOffMs || maxBackOffMs > mostBackOffMs)
    throw refusal(
      `--max-container-restart-period: must be between 1s and 300s, not ${get('max-container-restart-period')}`,
    );
  const graceOf = (flag: 'shutdown-grace-period' | 'shutdown-grace-period-critical-pods'): number => {
    const ms = durationOf(flag);
    if (ms > 0 && ms < second) throw refusal(`--${flag}: must be either zero or otherwise >= 1 sec, not ${get(flag)}`);
    return Math.floor(ms / second);
  };
  const graceSeconds = graceOf('shutdown-grace-period');
  const criticalSeconds = graceOf('shutdown-grace-period-critical-pods');
  if (criticalSeconds > graceSeconds)
    throw refusal('--shutdown-grace-period-critical-pods: must be <= --shutdown-grace-period');
  return { maxBackOffMs, shutdown: { graceSeconds, criticalSeconds } };
}

import { defaultHard, parseStatements, parseThresholds } from '../runtime/kubelet/eviction/settings.ts';
import type { EvictionSettings } from '../runtime/kubelet/eviction/thresholds.ts';
import { type ShutdownPeriod, twoPeriods } from '../runtime/kubelet/node-shutdown.ts';

/** What users say of the life of pods on nodes. */
export interface NodeLifeOptions {
  /** Between restarts of a container that fails again and again. */
  readonly maxBackOffMs: number;
  /** How long nodes wait for their pods when the process is told to end; none: not at all. */
  readonly shutdown: readonly ShutdownPeriod[];
  /** When pods are sent away. */
  readonly eviction: EvictionSettings;
}

export const nodeLifeFlags = {
  'max-container-restart-period': '5m',
  'shutdown-grace-period': '0s',
  'shutdown-grace-period-critical-pods': '0s',
  'shutdown-grace-period-by-pod-priority': '',
  'eviction-hard': defaultHard,
  'eviction-soft': '',
  'eviction-soft-grace-period': '',
  'eviction-minimum-reclaim': '',
  'eviction-max-pod-grace-period': '0',
  'eviction-pressure-transition-period': '5m',
} as const;

type Flag = keyof typeof nodeLifeFlags;

const second = 1000;
const [leastBackOffMs, mostBackOffMs] = [second, 300 * second];

/** Within the bounds that a kubelet's configuration has. */
export function nodeLifeOptions(
  get: (flag: Flag) => string,
  parseDuration: (flag: string, text: string) => number,
  refusal: (why: string) => Error,
): NodeLifeOptions {
  const reader: Reader = {
    get,
    refusal,
    durationOf: (flag, text = get(flag)) => (text === '0' ? 0 : parseDuration(flag, text)),
  };
  const maxBackOffMs = reader.durationOf('max-container-restart-period');
  if (maxBackOffMs < leastBackOffMs || maxBackOffMs > mostBackOffMs)
    throw refusal(
      `--max-container-restart-period: must be between 1s and 300s, not ${get('max-container-restart-period')}`,
    );
  return { maxBackOffMs, shutdown: shutdownOf(reader), eviction: evictionOf(reader) };
}

interface Reader {
  get(flag: Flag): string;
  /** Of the flag's own text, or of one in it. */
  durationOf(flag: Flag, text?: string): number;
  refusal(why: string): Error;
}

function shutdownOf(reader: Reader): readonly ShutdownPeriod[] {
  const { get, refusal, durationOf } = reader;
  const graceOf = (flag: 'shutdown-grace-period' | 'shutdown-grace-period-critical-pods'): number => {
    const ms = durationOf(flag);
    if (ms > 0 && ms < second) throw refusal(`--${flag}: must be either zero or otherwise >= 1 sec, not ${get(flag)}`);
    return Math.floor(ms / second);
  };
  const graceSeconds = graceOf('shutdown-grace-period');
  const criticalSeconds = graceOf('shutdown-grace-period-critical-pods');
  if (criticalSeconds > graceSeconds)
    throw refusal('--shutdown-grace-period-critical-pods: must be <= --shutdown-grace-period');
  const periods = periodsOf(reader);
  if (periods.length > 0 && graceSeconds > 0)
    throw refusal(
      'cannot specify both --shutdown-grace-period-by-pod-priority and --shutdown-grace-period at the same time',
    );
  return periods.length > 0 ? periods : twoPeriods(graceSeconds, criticalSeconds);
}

/** `0=60s,1000=30s`. */
function periodsOf({ get, refusal, durationOf }: Reader): readonly ShutdownPeriod[] {
  const flag = 'shutdown-grace-period-by-pod-priority';
  const parts = get(flag)
    .split(',')
    .filter((part) => part !== '');
  return parts.map((part) => {
    const [, priority, text] = /^(-?\d+)=(.+)$/.exec(part) ?? [];
    if (priority === undefined || text === undefined) throw refusal(`--${flag}: want priority=period, not ${part}`);
    return { priority: Number(priority), seconds: Math.floor(durationOf(flag, text) / second) };
  });
}

function evictionOf(reader: Reader): EvictionSettings {
  const { get, refusal, durationOf } = reader;
  const statements = (flag: Flag, sign: '<' | '=') => inFlag(reader, flag, () => parseStatements(get(flag), sign));
  const graceFlag = 'eviction-soft-grace-period';
  const given = {
    hard: statements('eviction-hard', '<'),
    soft: statements('eviction-soft', '<'),
    softGrace: statements(graceFlag, '='),
    minReclaim: statements('eviction-minimum-reclaim', '='),
  };
  let thresholds: EvictionSettings['thresholds'];
  try {
    thresholds = parseThresholds(given, (text) => durationOf(graceFlag, text));
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error));
  }
  const maxGrace = get('eviction-max-pod-grace-period');
  if (!/^\d+$/.test(maxGrace)) throw refusal(`--eviction-max-pod-grace-period: not a number: ${maxGrace}`);
  return {
    thresholds,
    maxPodGraceSeconds: Number(maxGrace),
    transitionMs: durationOf('eviction-pressure-transition-period'),
  };
}

function inFlag<T>({ get, refusal }: Reader, flag: Flag, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refusal(`invalid argument ${JSON.stringify(get(flag))} for "--${flag}" flag: ${why}`);
  }
}

/** Time as a dependency: nothing but the adapter in bin/ and tests' clocks reads the system's. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `delayMs`; the returned handle cancels it. Never keeps the process alive on its own. */
  after(delayMs: number, callback: () => void): { cancel(): void };
}

/** Randomness as a dependency, so that a seeded run repeats itself. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** RFC 4122 version 4. */
  uuid(): string;
}

/** metav1.Time: RFC 3339 in UTC with whole seconds. */
export function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** metav1.MicroTime: RFC 3339 in UTC with six decimals. */
export function toMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}

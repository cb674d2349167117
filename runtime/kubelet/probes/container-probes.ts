import type { Clock } from '../../../api/clock.ts';
import type { Schedule, Scheduled } from '../schedule.ts';
import type { ProbeOutcome, ProbeSpec } from './probe.ts';

export type ProbeKind = 'Startup' | 'Readiness' | 'Liveness';

export interface ContainerProbesDeps {
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly startup: ProbeSpec | undefined;
  readonly readiness: ProbeSpec | undefined;
  readonly liveness: ProbeSpec | undefined;
  run(spec: ProbeSpec): Promise<ProbeOutcome>;
  /** Each look, as it ended. */
  counted?(kind: ProbeKind, outcome: ProbeOutcome['is']): void;
  event(reason: 'Unhealthy' | 'ProbeWarning', message: string): void;
  /** The first time that the container counts as started. */
  onStarted(): void;
  onReady(isReady: boolean): void;
  /** It has failed for good: kill it. */
  onFailed(kind: 'Startup' | 'Liveness'): void;
}

/** A failed first look is repeated so soon: a program may listen a moment after its start. */
const secondLookMs = 1000;

/** All probes of one running container. */
export class ContainerProbes {
  readonly #deps: ContainerProbesDeps;
  readonly #startedAt: number;
  readonly #running = new Map<ProbeKind, ProbeLoop>();
  #isReadinessSaid = false;

  constructor(deps: ContainerProbesDeps, startedAt: number) {
    this.#deps = deps;
    this.#startedAt = startedAt;
    const { startup } = deps;
    if (startup === undefined) this.#started();
    else this.#begin('Startup', startup, (isGood) => (isGood ? this.#started() : deps.onFailed('Startup')));
  }

  /** The pod is leaving: only readiness still counts. */
  leave(): void {
    for (const kind of ['Startup', 'Liveness'] as const) this.#end(kind);
  }

  stop(): void {
    for (const kind of [...this.#running.keys()]) this.#end(kind);
  }

  #end(kind: ProbeKind): void {
    this.#running.get(kind)?.stop();
    this.#running.delete(kind);
  }

  #started(): void {
    const { readiness, liveness, onStarted, onReady, onFailed } = this.#deps;
    this.#end('Startup');
    onStarted();
    if (readiness === undefined) onReady(true);
    else this.#begin('Readiness', readiness, (isGood) => this.#sayReady(isGood));
    if (liveness === undefined) return;
    this.#begin('Liveness', liveness, (isGood) => {
      if (isGood) return;
      // Not asked again before there is a new container.
      this.#end('Liveness');
      onFailed('Liveness');
    });
  }

  #sayReady(isReady: boolean): void {
    if (isReady === this.#isReadinessSaid) return;
    this.#isReadinessSaid = isReady;
    this.#deps.onReady(isReady);
  }

  #begin(kind: ProbeKind, spec: ProbeSpec, onResult: (isGood: boolean) => void): void {
    const loop = new ProbeLoop(kind, spec, this.#deps, onResult);
    this.#running.set(kind, loop);
    loop.start(this.#startedAt + (spec.initialDelaySeconds ?? 0) * 1000);
  }
}

class ProbeLoop {
  readonly #kind: ProbeKind;
  readonly #spec: ProbeSpec;
  readonly #deps: ContainerProbesDeps;
  readonly #onResult: (isGood: boolean) => void;
  #next: Scheduled | undefined;
  #isStopped = false;
  #isFirst = true;
  #last: boolean | undefined;
  #count = 0;

  constructor(kind: ProbeKind, spec: ProbeSpec, deps: ContainerProbesDeps, onResult: (isGood: boolean) => void) {
    this.#kind = kind;
    this.#spec = spec;
    this.#deps = deps;
    this.#onResult = onResult;
  }

  start(at: number): void {
    this.#next = this.#deps.schedule.at(at, () => void this.#look(at));
  }

  stop(): void {
    this.#isStopped = true;
    this.#next?.cancel();
  }

  async #look(at: number): Promise<void> {
    const { clock, run } = this.#deps;
    const outcome = await run(this.#spec);
    if (this.#isStopped) return;
    this.#heed(outcome);
    if (this.#isStopped) return;
    const isEarly = this.#isFirst && this.#kind === 'Readiness' && this.#last !== true;
    this.#isFirst = false;
    const periodMs = (this.#spec.periodSeconds ?? 10) * 1000;
    this.start(Math.max(at + (isEarly ? Math.min(secondLookMs, periodMs) : periodMs), clock.now()));
  }

  #heed(outcome: ProbeOutcome): void {
    const { event } = this.#deps;
    const kind = this.#kind;
    this.#deps.counted?.(kind, outcome.is);
    if (outcome.is === 'error') {
      event('Unhealthy', `${kind} probe errored and resulted in unknown state: ${outcome.message}`);
      return;
    }
    if (outcome.is === 'failure') event('Unhealthy', `${kind} probe failed: ${outcome.output}`);
    if (outcome.is === 'warning') event('ProbeWarning', `${kind} probe warning: ${outcome.output}`);
    const isGood = outcome.is !== 'failure';
    this.#count = this.#last === isGood ? this.#count + 1 : 1;
    this.#last = isGood;
    const { successThreshold = 1, failureThreshold = 3 } = this.#spec;
    if (this.#count >= (isGood ? successThreshold : failureThreshold)) this.#onResult(isGood);
  }
}

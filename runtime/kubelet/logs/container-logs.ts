import type { Clock } from '../../../api/clock.ts';
import type { LogBudget } from './log-budget.ts';
import { LogBuffer } from './log-buffer.ts';

/** Logs of a container: of its newest attempt, and of the one before, as a kubelet keeps one dead container. */
export class ContainerLogs {
  #newest: LogBuffer | undefined;
  #before: LogBuffer | undefined;

  get newest(): LogBuffer | undefined {
    return this.#newest;
  }

  get before(): LogBuffer | undefined {
    return this.#before;
  }

  /** For an attempt that is about to start; it counts when it has started. */
  open(clock: Clock, budget?: LogBudget): LogBuffer {
    return new LogBuffer(clock, { budget });
  }

  started(buffer: LogBuffer): void {
    this.#before?.drop();
    this.#before = this.#newest;
    this.#newest = buffer;
  }

  /** The pod has gone. */
  drop(): void {
    this.#before?.drop();
    this.#newest?.drop();
  }
}

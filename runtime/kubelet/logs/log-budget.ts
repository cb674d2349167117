/** What the logs of all containers of a process may take together. */
const defaultBytes = 256 * 1024 * 1024;

/** Shared by the logs of a process: when it is used up, whoever writes keeps less of its own. */
export class LogBudget {
  readonly #max: number;
  #used = 0;

  constructor(max = defaultBytes) {
    this.#max = max;
  }

  get isShort(): boolean {
    return this.#used > this.#max;
  }

  take(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

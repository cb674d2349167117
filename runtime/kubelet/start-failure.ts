/** Why a container did not start: its state waits with this reason and message. */
export class StartFailure extends Error {
  readonly reason: string;
  /** What the event says after `Error: `. */
  readonly words: string;

  constructor(reason: string, message: string, words = message) {
    super(message);
    this.name = 'StartFailure';
    this.reason = reason;
    this.words = words;
  }
}

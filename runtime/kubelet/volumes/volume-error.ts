/** A volume cannot be set up (yet); the message is what its event says after the colon. */
export class VolumeError extends Error {
  /** Of the persistent volume that a claim stands for. */
  readonly volume: string | undefined;

  constructor(message: string, volume?: string) {
    super(message);
    this.name = 'VolumeError';
    this.volume = volume;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

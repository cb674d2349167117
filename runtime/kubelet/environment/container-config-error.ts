/** A container cannot be described as its pod wants it: it waits with CreateContainerConfigError, and is tried again. */
export class ContainerConfigError extends Error {
  readonly reason = 'CreateContainerConfigError';

  constructor(message: string) {
    super(message);
    this.name = 'ContainerConfigError';
  }
}

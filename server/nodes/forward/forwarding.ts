import type { Duplex } from 'node:stream';

/** A new connection to a port of the pod. */
export type Forward = (port: number) => Promise<Duplex>;

/** What clients read on the error stream. */
export function forwardError(port: number, pod: string, error: unknown): string {
  return `error forwarding port ${port} to pod ${pod}, uid : ${(error as Error).message}`;
}

/** The number in upstream's words. */
export function portProblem(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  if (!/^\d+$/.test(text))
    return `unable to parse ${quoted} as a port: strconv.ParseUint: parsing ${quoted}: invalid syntax`;
  const port = Number(text);
  if (port > 65_535)
    return `unable to parse ${quoted} as a port: strconv.ParseUint: parsing ${quoted}: value out of range`;
  return port < 1 ? `port ${quoted} must be > 0` : undefined;
}

/** Both ways, each at its reader's pace and each with an end of its own; what breaks on one side breaks on the other. Resolves when both are over. */
export function join(near: Duplex, far: Duplex): Promise<void> {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on('error', () => undefined);
    from.pipe(to);
  }
  return new Promise((resolve) => {
    let open = 2;
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.once('close', () => {
        // What it had said is still to be delivered; what it would hear is not wanted any more.
        if (!one.readableEnded) other.destroy();
        else if (!one.writableFinished) other.unpipe(one).resume();
        open -= 1;
        if (open === 0) resolve();
      });
    }
  });
}

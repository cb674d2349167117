import { PassThrough } from 'node:stream';
import type { Clock } from '../../../api/clock.ts';
import { StatusError } from '../../../api/status.ts';
import type { ProcessStreams, TerminalSize } from '../../../api/streams/node-connection.ts';
import type { Outcome } from './outcome.ts';
import { createOutlet, type Outlet } from './outlet.ts';

/** Which streams a client asked for. */
export interface StreamChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** A command that runs in a container, seen from the client's side. */
export interface CommandSession {
  readonly choice: StreamChoice;
  readonly command: readonly string[];
  readonly stdin: PassThrough | undefined;
  readonly stdout: Outlet | undefined;
  readonly stderr: Outlet | undefined;
  resize(size: TerminalSize): void;
  /** The client has gone. */
  abandon(): void;
  readonly outcome: Promise<Outcome>;
}

export type Run = (streams: ProcessStreams) => Promise<number>;

/** How long a kubelet may take to turn a command down before the connection is upgraded. What it says later stands on the error channel. */
const refusalMs = 20;

/** Starts a command. Throws what the kubelet refuses at once. */
export async function startSession(
  run: Run,
  choice: StreamChoice,
  command: readonly string[],
  clock: Pick<Clock, 'after'>,
): Promise<CommandSession> {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const stdin = choice.stdin ? new PassThrough() : undefined;
  const stdout = choice.stdout ? createOutlet(begin) : undefined;
  const stderr = choice.stderr ? createOutlet(begin) : undefined;
  const window = createWindow();
  stdin?.on('error', () => undefined);
  const running = run({
    isTerminal: choice.tty,
    signal: controller.signal,
    onStart: begin,
    ...(stdin === undefined ? {} : { stdin }),
    ...(stdout === undefined ? {} : { stdout: stdout.writable }),
    ...(stderr === undefined ? {} : { stderr: stderr.writable }),
    ...(choice.tty ? { onResize: window.listen } : {}),
  });
  let refusal: StatusError | undefined;
  const outcome = running.then(
    (exitCode): Outcome => ({ exitCode }),
    (error: Error): Outcome => {
      if (error instanceof StatusError) refusal = error;
      return { failure: error.message };
    },
  );
  const timer = clock.after(refusalMs, begin);
  await Promise.race([begun, outcome]);
  timer.cancel();
  if (refusal !== undefined) throw refusal;
  return {
    choice,
    command,
    stdin,
    stdout,
    stderr,
    resize: window.resize,
    abandon() {
      controller.abort();
      for (const stream of [stdin, stdout?.writable, stderr?.writable]) stream?.destroy();
    },
    outcome,
  };
}

interface Window {
  listen(callback: (size: TerminalSize) => void): void;
  resize(size: TerminalSize): void;
}

function createWindow(): Window {
  const listeners: ((size: TerminalSize) => void)[] = [];
  let known: TerminalSize | undefined;
  return {
    listen(callback) {
      listeners.push(callback);
      if (known !== undefined) callback(known);
    },
    resize(size) {
      known = size;
      for (const callback of listeners) callback(size);
    },
  };
}

/** Sizes of a terminal as they come on the resize channel: one JSON object after the other. */
export function createResizeReader(take: (size: TerminalSize) => void): (chunk: Uint8Array) => void {
  let text = '';
  return (chunk) => {
    text += Buffer.from(chunk).toString('latin1');
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const width = /"width"\s*:\s*(\d+)/i.exec(text.slice(0, end));
      const height = /"height"\s*:\s*(\d+)/i.exec(text.slice(0, end));
      text = text.slice(end + 1);
      if (width !== null && height !== null) take({ width: Number(width[1]), height: Number(height[1]) });
    }
    // Nobody's window takes more to tell.
    if (text.length > 1024) text = '';
  };
}

import type { Duplex } from 'node:stream';
import type { Clock } from '../../../api/clock.ts';
import { type SpdyConnection, type SpdyStream, serveSpdy } from '../spdy/connection.ts';
import { type StatusForm, statusText } from './outcome.ts';
import { type CommandSession, createResizeReader, type StreamChoice } from './session.ts';

export const spdyCommandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

const creationTimeoutMs = 30_000;

type Kind = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

function expectedKinds({ stdin, stdout, stderr, tty }: StreamChoice, protocol: string): readonly Kind[] {
  const resizes = tty && /^v[34]\./.test(protocol);
  return [
    'error',
    ...(stdin ? (['stdin'] as const) : []),
    ...(stdout ? (['stdout'] as const) : []),
    ...(stderr ? (['stderr'] as const) : []),
    ...(resizes ? (['resize'] as const) : []),
  ];
}

/** A command's streams as those of a SPDY connection, which the client opens. */
export function joinSpdy(session: CommandSession, transport: Duplex, protocol: string, clock: Clock): void {
  const missing = new Set(expectedKinds(session.choice, protocol));
  const streams = new Map<Kind, SpdyStream>();
  const accept = (stream: SpdyStream): boolean => {
    const kind = stream.headers['streamtype'] as Kind;
    if (!missing.delete(kind)) return false;
    streams.set(kind, stream);
    if (missing.size === 0) {
      timer.cancel();
      void join(session, connection, streams, protocol.startsWith('v4.') ? 'v4' : 'text');
    }
    return true;
  };
  const connection = serveSpdy(transport, clock, accept);
  const timer = clock.after(creationTimeoutMs, () => connection.close());
  void connection.closed.then(() => {
    timer.cancel();
    session.abandon();
  });
}

async function join(
  session: CommandSession,
  connection: SpdyConnection,
  streams: ReadonlyMap<Kind, SpdyStream>,
  form: StatusForm,
): Promise<void> {
  const duplexOf = (kind: Kind): Duplex | undefined => streams.get(kind)?.duplex;
  if (session.stdin !== undefined) duplexOf('stdin')?.pipe(session.stdin);
  duplexOf('resize')?.on('data', createResizeReader(session.resize));
  const outlets = [
    [session.stdout, duplexOf('stdout')],
    [session.stderr, duplexOf('stderr')],
  ] as const;
  for (const [outlet, duplex] of outlets) {
    if (duplex === undefined) continue;
    // A client that does not want a stream any more resets it: the program finds it closed.
    duplex.once('close', () => outlet?.writable.destroy());
    outlet?.connect((chunk, done) => duplex.write(chunk, done));
  }
  const outcome = await session.outcome;
  await Promise.all([session.stdout?.finished(), session.stderr?.finished()]);
  for (const [, duplex] of outlets) duplex?.end();
  const text = statusText(outcome, form, session.command);
  const error = duplexOf('error');
  error?.end(text);
  if (error !== undefined && !error.writableFinished && !error.destroyed)
    await new Promise<void>((resolve) => {
      error.once('finish', resolve);
      error.once('close', resolve);
    });
  connection.close();
}

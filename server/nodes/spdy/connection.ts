import { Duplex } from 'node:stream';
import type { Clock } from '../../../api/clock.ts';
import { controlFrame, dataFrame, finFlag, readFrames } from './frame-reader.ts';
import { createHeaderReader, createHeaderWriter, type SpdyHeaders } from './header-block.ts';

const synStream = 1;
const synReply = 2;
const rstStream = 3;
const ping = 6;
const goAway = 7;
const protocolError = 1;
const refusedStream = 3;
const cancelled = 5;
/** A frame's length has three bytes; smaller frames let streams take turns. */
const maxDataBytes = 64 * 1024;
/** What may wait in a stream before the whole connection is not read any further. */
const streamBufferBytes = 256 * 1024;
const maxStreams = 1024;
/** How long a client that was said goodbye to is heard: cut at once, it could lose what is still on its way to it. */
const lingerMs = 5000;
/** A client that vanished while its input waits to be read is found out by what cannot be sent to it. */
const pingMs = 15_000;

export interface SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  /** Ending it half-closes the stream; destroying it resets the stream. */
  readonly duplex: Duplex;
}

export interface SpdyConnection {
  /** Says goodbye and ends once everything is sent. */
  close(): void;
  /** Resolves when the connection is over, for whatever reason. */
  readonly closed: Promise<void>;
}

interface Open extends SpdyStream {
  /** Waits while too much is unread. */
  deliver(bytes: Buffer): Promise<void> | undefined;
  remoteEnded(): void;
  remoteReset(): void;
}

/** SPDY/3.1 as Kubernetes' clients speak it: streams that the other side opens, without flow control of their own. `accept` answers whether it takes a stream. */
export function serveSpdy(
  transport: Duplex,
  clock: Pick<Clock, 'after'>,
  accept: (stream: SpdyStream) => boolean,
): SpdyConnection {
  const streams = new Map<number, Open>();
  const reader = createHeaderReader();
  const writer = createHeaderWriter();
  const { promise: closed, resolve: over } = Promise.withResolvers<void>();
  let lastId = 0;
  let isOpen = true;
  const send = (frame: Buffer, done?: (error?: Error | null) => void): void => {
    if (isOpen && transport.writable) transport.write(frame, done);
    else done?.(new Error('the connection is closed'));
  };
  // Ours are even.
  let pingId = 0;
  const beat = (): void => {
    pingId = (pingId + 2) % 0x7ffffffe;
    send(controlFrame(ping, [pingId]));
    pinging = clock.after(pingMs, beat);
  };
  let pinging = clock.after(pingMs, beat);
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    pinging.cancel();
    reader.close();
    for (const stream of streams.values()) stream.remoteReset();
    streams.clear();
    transport.destroy();
    over();
  };
  transport.on('error', end);
  transport.on('close', end);

  const opened = async (body: Buffer, isFin: boolean): Promise<void> => {
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = await reader.read(body.subarray(10));
    if (!isOpen) return;
    if (streams.has(id) || streams.size >= maxStreams) {
      send(controlFrame(rstStream, [id, streams.has(id) ? protocolError : refusedStream]));
      return;
    }
    lastId = Math.max(lastId, id);
    const stream = openStream({ id, headers, send, forget: () => streams.delete(id) });
    streams.set(id, stream);
    if (!accept(stream)) {
      stream.remoteReset();
      send(controlFrame(rstStream, [id, refusedStream]));
      return;
    }
    send(controlFrame(synReply, [id], writer.write({})));
    if (isFin) stream.remoteEnded();
  };
  const controlled = async (type: number, flags: number, body: Buffer): Promise<void> => {
    if (type === synStream) await opened(body, (flags & finFlag) !== 0);
    else if (type === rstStream) streams.get(body.readUInt32BE(0))?.remoteReset();
    // The other side's are odd; what is even answers one of ours.
    else if (type === ping && (body.readUInt32BE(0) & 1) === 1) send(controlFrame(ping, [body.readUInt32BE(0)]));
  };
  const run = async (): Promise<void> => {
    for await (const frame of readFrames(transport as AsyncIterable<Buffer>)) {
      if (frame.kind === 'control') {
        await controlled(frame.type, frame.flags, frame.body);
        continue;
      }
      const stream = streams.get(frame.streamId);
      const waiting = frame.bytes.length > 0 ? stream?.deliver(frame.bytes) : undefined;
      if (waiting !== undefined) await waiting;
      if (frame.isLast) stream?.remoteEnded();
    }
  };
  run().then(end, end);
  return {
    closed,
    close() {
      if (!isOpen || !transport.writable) return;
      transport.end(controlFrame(goAway, [lastId, 0]));
      const timer = clock.after(lingerMs, end);
      void closed.then(() => timer.cancel());
    },
  };
}

interface Opening {
  readonly id: number;
  readonly headers: SpdyHeaders;
  send(frame: Buffer, done?: (error?: Error | null) => void): void;
  forget(): void;
}

function openStream({ id, headers, send, forget }: Opening): Open {
  let wanted: (() => void) | undefined;
  const state = { remoteOver: false, localOver: false };
  const resume = (): void => {
    const waiter = wanted;
    wanted = undefined;
    waiter?.();
  };
  const duplex = new Duplex({
    readableHighWaterMark: streamBufferBytes,
    writableHighWaterMark: maxDataBytes,
    read: resume,
    write(chunk: Buffer, _encoding, done) {
      let at = 0;
      for (; at + maxDataBytes < chunk.length; at += maxDataBytes)
        send(dataFrame(id, chunk.subarray(at, at + maxDataBytes), false));
      send(dataFrame(id, chunk.subarray(at), false), done);
    },
    final(done) {
      state.localOver = true;
      send(dataFrame(id, Buffer.alloc(0), true), () => done());
    },
    destroy(error, done) {
      forget();
      resume();
      if (!state.remoteOver || !state.localOver) send(controlFrame(rstStream, [id, cancelled]));
      done(error);
    },
  });
  duplex.on('error', () => undefined);
  return {
    id,
    headers,
    duplex,
    deliver(bytes) {
      if (duplex.destroyed || state.remoteOver || duplex.push(bytes)) return undefined;
      return new Promise((resolve) => {
        wanted = resolve;
      });
    },
    remoteEnded() {
      if (state.remoteOver) return;
      state.remoteOver = true;
      if (!duplex.destroyed) duplex.push(null);
    },
    remoteReset() {
      state.remoteOver = true;
      state.localOver = true;
      duplex.destroy();
    },
  };
}

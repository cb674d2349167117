import { Duplex } from 'node:stream';
import { type Address, NetworkError } from './network.ts';

interface End {
  readonly stream: Duplex;
  /** What the other end wrote; `null` ends. `done` is called when there is room for more. */
  take(chunk: Uint8Array | null, done: () => void): void;
  /** The other end has gone, in peace or not. */
  lose(isReset: boolean): void;
}

/** Addresses as one end sees them. */
export interface Sockets {
  readonly local: Address;
  readonly remote: Address;
}

function resetError(): NetworkError {
  return new NetworkError('ECONNRESET', 'read ECONNRESET');
}

function createEnd(peer: () => End, { local, remote }: Sockets): End {
  let waiting: (() => void) | undefined;
  let isAlone = false;
  const stream = new Duplex({
    read: () => {
      const done = waiting;
      waiting = undefined;
      done?.();
    },
    write: (chunk: Uint8Array, _encoding, done) => {
      if (isAlone) done(new NetworkError('EPIPE', 'write EPIPE'));
      else peer().take(chunk, done);
    },
    final: (done) => {
      if (!isAlone) peer().take(null, () => undefined);
      done();
    },
    destroy: (error, done) => {
      // A program's own errors are its own affair; who still had something to say to us learns that it is lost.
      if (!isAlone) peer().lose(error instanceof NetworkError || waiting !== undefined);
      waiting = undefined;
      done(error);
    },
  });
  // Nobody has to listen: errors of a connection end it, and that is all.
  stream.on('error', () => undefined);
  const nothing = (): Duplex => stream;
  // What Node's http and tls expect of a socket.
  Object.assign(stream, {
    localAddress: local.ip,
    localPort: local.port,
    remoteAddress: remote.ip,
    remotePort: remote.port,
    remoteFamily: remote.ip.includes(':') ? 'IPv6' : 'IPv4',
    setKeepAlive: nothing,
    setNoDelay: nothing,
    setTimeout: nothing,
    ref: nothing,
    unref: nothing,
  });
  return {
    stream,
    take: (chunk, done) => {
      if (stream.push(chunk) || chunk === null) done();
      else waiting = done;
    },
    lose: (isReset) => {
      if (stream.destroyed) return;
      isAlone = true;
      if (isReset || stream.writableNeedDrain) {
        stream.destroy(resetError());
        return;
      }
      // What has arrived may still be read.
      if (stream.readableEnded) stream.destroy();
      else {
        stream.once('end', () => stream.destroy());
        stream.push(null);
      }
    },
  };
}

/** Two ends of a connection: what one writes the other reads, with back pressure; half-closed as TCP is. */
export function createWire(near: Sockets, far: Sockets): [Duplex, Duplex] {
  const one: End = createEnd(() => other, near);
  const other: End = createEnd(() => one, far);
  return [one.stream, other.stream];
}

import type { Duplex } from 'node:stream';
import type { UserInfo } from '../registry/strategy.ts';
import type { Packed } from './packed.ts';

/** A request as the pipeline sees it: no HTTP library behind it. */
export interface ApiRequest {
  readonly method: string;
  /** As it came, still percent-encoded. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Reads at most `limit` bytes; throws StatusError RequestEntityTooLarge. */
  readBody(limit: number): Promise<Uint8Array>;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** A response that goes on: watches. */
export interface StreamSink {
  /** False: the client is slow; `onDrain` tells when it has caught up. */
  write(chunk: Uint8Array): boolean;
  onDrain(callback: () => void): void;
  /** Ends once everything was taken. */
  end(): void;
  /** Ends now: the client does not take what there is. */
  cut(): void;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Several pieces are written one after the other. */
  readonly body?: Uint8Array | string | readonly Uint8Array[];
  /** Instead of `body`: the same in gzip, sent as it is to clients that accept that. */
  readonly packed?: Packed;
  /** Called once the head was sent; the response stays open until `sink.end()`. */
  readonly stream?: (sink: StreamSink) => void;
  /** Answers to upgrade requests: from here on the connection is the callee's, `head` the bytes that came early. */
  readonly takeOver?: (socket: Duplex, head: Uint8Array) => void;
}

/** What a handler knows of who asks. */
export interface Caller {
  readonly user: UserInfo;
  warn(text: string): void;
}

export function headerOf(request: Pick<ApiRequest, 'headers'>, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}

import { StatusError, type StatusReason } from '../api/status.ts';
import type { ApiRequest, ApiResponse, StreamSink } from './http/message.ts';
import type { UserInfo } from './registry/strategy.ts';

/** A request of this process; `user` is who it is, without credentials. */
export interface LocalRequest extends ApiRequest {
  readonly user: UserInfo;
}

export interface LocalCall {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
}

/** Requests by path through the whole pipeline, as over a connection. */
export interface LocalConnection {
  /** The answer's text; what is not a success is thrown as a StatusError. */
  call(call: LocalCall): Promise<string>;
  /** Lines of a stream that ends with the server, or with `signal`. */
  lines(path: string, signal: AbortSignal, accept?: string): AsyncGenerator<string>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** A reader that falls behind by more than this is told to wait. */
const maxPendingChunks = 64;

interface StatusBody {
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: NonNullable<ConstructorParameters<typeof StatusError>[2]>['details'];
}

/** The pieces of a response, whether they are there or still come. */
async function* chunksOf({ body = '', stream }: ApiResponse): AsyncGenerator<Uint8Array> {
  if (stream !== undefined) yield* streamed(stream);
  else if (typeof body === 'string') yield encoder.encode(body);
  else if (body instanceof Uint8Array) yield body;
  else yield* body;
}

async function* streamed(start: (sink: StreamSink) => void): AsyncGenerator<Uint8Array> {
  const pending: Uint8Array[] = [];
  let isEnded = false;
  let wake = (): void => undefined;
  let drained = (): void => undefined;
  const end = (): void => {
    isEnded = true;
    wake();
  };
  start({
    write: (chunk) => {
      pending.push(chunk);
      wake();
      return pending.length < maxPendingChunks;
    },
    onDrain: (callback) => {
      drained = callback;
    },
    end,
    cut: end,
  });
  for (;;) {
    const chunk = pending.shift();
    if (chunk !== undefined) {
      yield chunk;
      if (pending.length === 0) drained();
    } else if (isEnded) return;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}

async function textOf(response: ApiResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(response)) chunks.push(chunk);
  return decoder.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
}

async function failureOf(response: ApiResponse): Promise<StatusError> {
  const text = await textOf(response);
  let status: StatusBody = { message: text.trim() };
  try {
    status = JSON.parse(text) as StatusBody;
  } catch {
    // Plain text of a path that nobody serves.
  }
  const { message = '', reason = response.status === 404 ? 'NotFound' : '', details } = status;
  return new StatusError(reason, message, { code: response.status, ...(details === undefined ? {} : { details }) });
}

export function createLocalConnection(
  handle: (request: LocalRequest) => Promise<ApiResponse>,
  user: UserInfo,
): LocalConnection {
  const send = (
    { method, path, body, contentType = 'application/json', accept = 'application/json' }: LocalCall,
    signal: AbortSignal,
  ): Promise<ApiResponse> => {
    const mark = path.indexOf('?');
    const bytes = body === undefined ? undefined : encoder.encode(body);
    return handle({
      user,
      method,
      path: mark < 0 ? path : path.slice(0, mark),
      query: mark < 0 ? '' : path.slice(mark + 1),
      headers: {
        accept,
        ...(bytes === undefined ? {} : { 'content-type': contentType, 'content-length': String(bytes.length) }),
      },
      readBody: async () => bytes ?? new Uint8Array(),
      signal,
    });
  };
  return {
    call: async (call) => {
      const response = await send(call, new AbortController().signal);
      if (response.status >= 300) throw await failureOf(response);
      return textOf(response);
    },
    async *lines(path, signal, accept) {
      const call = { method: 'GET', path, ...(accept === undefined ? {} : { accept }) };
      const response = await send(call, signal);
      if (response.status >= 300) throw await failureOf(response);
      const texts = new TextDecoder();
      let rest = '';
      for await (const chunk of chunksOf(response)) {
        const lines = (rest + texts.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') yield line;
      }
    },
  };
}

/** JSON requests through the whole pipeline, for what the in-process client has no call of its own. */
export function createLocalRequest({ call }: LocalConnection) {
  return async <T>(method: string, path: string, body?: unknown, contentType?: string, accept?: string): Promise<T> =>
    JSON.parse(
      await call({
        method,
        path,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(accept === undefined ? {} : { accept }),
      }),
    ) as T;
}

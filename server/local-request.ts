import { StatusError, type StatusReason } from '../api/status.ts';
import type { ApiRequest, ApiResponse } from './http/message.ts';
import type { UserInfo } from './registry/strategy.ts';

/** A request of this process; `user` is who it is, without credentials. */
export interface LocalRequest extends ApiRequest {
  readonly user: UserInfo;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface StatusBody {
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: NonNullable<ConstructorParameters<typeof StatusError>[2]>['details'];
}

function textOf({ body = '' }: ApiResponse): string {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? decoder.decode(body) : decoder.decode(Buffer.concat([...body]));
}

/** JSON requests through the whole pipeline, for what the in-process client has no call of its own. */
export function createLocalRequest(handle: (request: LocalRequest) => Promise<ApiResponse>, user: UserInfo) {
  return async <T>(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
    accept = 'application/json',
  ): Promise<T> => {
    const mark = path.indexOf('?');
    const bytes = body === undefined ? undefined : encoder.encode(JSON.stringify(body));
    const response = await handle({
      user,
      method,
      path: mark < 0 ? path : path.slice(0, mark),
      query: mark < 0 ? '' : path.slice(mark + 1),
      headers: {
        accept,
        ...(bytes === undefined ? {} : { 'content-type': contentType, 'content-length': String(bytes.length) }),
      },
      readBody: async () => bytes ?? new Uint8Array(),
      signal: new AbortController().signal,
    });
    const text = textOf(response);
    if (response.status < 300) return JSON.parse(text) as T;
    let status: StatusBody = { message: text.trim() };
    try {
      status = JSON.parse(text) as StatusBody;
    } catch {
      // Plain text of a path that nobody serves.
    }
    const { message = '', reason = response.status === 404 ? 'NotFound' : '', details } = status;
    throw new StatusError(reason, message, {
      code: response.status,
      ...(details === undefined ? {} : { details }),
    });
  };
}

import { StatusError } from '../../api/status.ts';
import { StorageError } from '../storage/store.ts';
import type { ApiResponse } from './message.ts';
import { toYaml } from './render.ts';
import { warningHeaders } from './warning-headers.ts';

export interface ErrorLog {
  error(fields: object, message: string): void;
}

/** The only writer of failures. What is not a StatusError is a bug: logged with its stack, answered without its text. */
export function errorResponse(
  error: unknown,
  options: {
    readonly log: ErrorLog;
    readonly pretty: boolean;
    readonly yaml?: boolean;
    readonly warnings?: readonly string[];
  },
): ApiResponse {
  const status = toStatusError(error, options.log);
  const retryAfter = status.details?.retryAfterSeconds;
  return {
    status: status.code,
    headers: {
      'content-type': options.yaml === true ? 'application/yaml' : 'application/json',
      ...warningHeaders(options.warnings ?? []),
      ...(retryAfter === undefined || retryAfter === 0 ? {} : { 'retry-after': String(retryAfter) }),
    },
    body:
      options.yaml === true
        ? toYaml(status.toStatus())
        : JSON.stringify(status.toStatus(), undefined, options.pretty ? 2 : undefined),
  };
}

function toStatusError(error: unknown, log: ErrorLog): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof StorageError) {
    if (error.code === 'Closed') return new StatusError('ServiceUnavailable', 'the server is shutting down');
    log.error({ err: error }, 'storage failed');
    return new StatusError('InternalError', `Internal error occurred: storage: ${error.code}`);
  }
  log.error({ err: error }, 'a request failed unexpectedly');
  return new StatusError('InternalError', 'Internal error occurred: the server could not handle the request');
}

/** Go's HTTP server's answer to what is no request. */
export function malformedRequest(): ApiResponse {
  return {
    status: 400,
    headers: { 'content-type': 'text/plain; charset=utf-8', connection: 'close' },
    body: '400 Bad Request',
  };
}

/** Upstream's answer to paths nobody serves. */
export function notFoundPage(): ApiResponse {
  return {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: '404 page not found\n',
  };
}

export function unknownResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', { details: {} });
}

export function methodNotAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {
    details: {},
  });
}

import { type FieldError, fieldErrorMessage } from './field-error.ts';
import { goQuote } from './go-text.ts';
import type { Api } from './object.ts';

export type Status = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.Status'>;
type StatusDetails = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails'>;

/** Reason to HTTP code: the only place that writes these numbers. */
export const reasonCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  StoreReadError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof reasonCodes;

export interface StatusErrorOptions {
  readonly details?: StatusDetails;
  /** Departs from the reason's own code only where upstream does. */
  readonly code?: number;
  readonly cause?: unknown;
  /** ListMeta of the Status, e.g. the fresh continue token of an Expired answer. */
  readonly metadata?: Status['metadata'];
}

/** Any failure that a client may see; everything else that reaches the edge is a bug and answered as InternalError. */
export class StatusError extends Error {
  readonly reason: StatusReason | '';
  readonly code: number;
  readonly details: StatusDetails | undefined;
  readonly metadata: Status['metadata'];

  constructor(reason: StatusReason | '', message: string, options: StatusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StatusError';
    this.reason = reason;
    this.code = options.code ?? (reason === '' ? 500 : reasonCodes[reason]);
    this.details = options.details;
    this.metadata = options.metadata;
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata ?? {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** Names a resource in errors; `resource` alone for the core group. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

function qualified(gr: GroupResource): string {
  return gr.group === '' ? gr.resource : `${gr.resource}.${gr.group}`;
}

function detailsOf(gr: GroupResource, name: string): StatusDetails {
  return { ...(name === '' ? {} : { name }), ...(gr.group === '' ? {} : { group: gr.group }), kind: gr.resource };
}

export function badRequest(message: string): StatusError {
  return new StatusError('BadRequest', message);
}

export function notFoundError(gr: GroupResource, name: string): StatusError {
  return new StatusError('NotFound', `${qualified(gr)} ${goQuote(name)} not found`, { details: detailsOf(gr, name) });
}

export function alreadyExists(gr: GroupResource, name: string): StatusError {
  return new StatusError('AlreadyExists', `${qualified(gr)} ${goQuote(name)} already exists`, {
    details: detailsOf(gr, name),
  });
}

export function conflict(gr: GroupResource, name: string, why: string): StatusError {
  return new StatusError('Conflict', `Operation cannot be fulfilled on ${qualified(gr)} ${goQuote(name)}: ${why}`, {
    details: detailsOf(gr, name),
  });
}

export function forbiddenError(gr: GroupResource, name: string, why: string): StatusError {
  const what =
    gr.resource === ''
      ? 'forbidden'
      : name === ''
        ? `${qualified(gr)} is forbidden`
        : `${qualified(gr)} ${goQuote(name)} is forbidden`;
  return new StatusError('Forbidden', `${what}: ${why}`, { details: detailsOf(gr, name) });
}

/** One Invalid from all field errors. `kind` is the object's kind, not its resource: upstream's NewInvalid. */
export function invalidError(
  gk: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const messages = [...new Set(errors.map(fieldErrorMessage))];
  const text = messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`;
  const kind = gk.group === '' ? gk.kind : `${gk.kind}.${gk.group}`;
  return new StatusError('Invalid', `${kind} ${goQuote(name)} is invalid: ${text}`, {
    details: {
      ...(name === '' ? {} : { name }),
      ...(gk.group === '' ? {} : { group: gk.group }),
      ...(gk.kind === '' ? {} : { kind: gk.kind }),
      causes: errors.map((e) => ({ reason: e.reason, message: e.detail, field: e.field === '' ? '<nil>' : e.field })),
    },
  });
}

export function methodNotSupported(gr: GroupResource, verb: string): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${goQuote(qualified(gr))}`,
    {
      details: detailsOf(gr, ''),
    },
  );
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError('UnsupportedMediaType', message);
}

export function internalErrorStatus(message: string, cause?: unknown): StatusError {
  return new StatusError('InternalError', `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
    cause,
  });
}

import { type FieldErrors, FieldPath, forbidden, invalid } from '../../api/field-error.ts';
import { badRequest, invalidError } from '../../api/status.ts';
import type { LogOptions } from '../../api/streams/node-connection.ts';
import type { Query } from '../http/query.ts';

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** PodLogOptions of a query. Upstream: ValidatePodLogOptions. */
export function logOptionsOf(query: Query, pod: string): LogOptions {
  const tailLines = query.int('tailLines');
  const limitBytes = query.int('limitBytes');
  const sinceSeconds = query.int('sinceSeconds');
  const sinceTime = sinceTimeOf(query.get('sinceTime'));
  const errors: FieldErrors = [];
  if (tailLines !== undefined && tailLines < 0)
    errors.push(invalid(FieldPath.of('tailLines'), tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalid(FieldPath.of('limitBytes'), limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push(forbidden(FieldPath.of('[]'), 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalid(FieldPath.of('sinceSeconds'), sinceSeconds, 'must be greater than 0'));
  // Choosing a stream is an alpha feature upstream, and off.
  if (query.has('stream')) errors.push(forbidden(FieldPath.of('stream'), 'may not be specified'));
  if (errors.length > 0) throw invalidError({ group: '', kind: 'PodLogOptions' }, pod, errors);
  return {
    follow: query.bool('follow'),
    previous: query.bool('previous'),
    timestamps: query.bool('timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

function sinceTimeOf(text: string): string | undefined {
  if (text === '') return undefined;
  if (rfc3339.test(text) && !Number.isNaN(Date.parse(text))) return text;
  const quoted = JSON.stringify(text);
  throw badRequest(`parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`);
}

import { Readable } from 'node:stream';
import type { NodeRequest, NodeResponse } from '../../../api/streams/node-connection.ts';

export const jsonType = 'application/json';
export const textType = 'text/plain; charset=utf-8';

export function page(
  status: number,
  body: string,
  type = textType,
  more: Readonly<Record<string, string>> = {},
): NodeResponse {
  const bytes = Buffer.from(body);
  return {
    status,
    headers: {
      'content-type': type,
      'content-length': String(bytes.length),
      ...more,
    },
    body: Readable.from(bytes.length === 0 ? [] : [bytes]),
  };
}

export const unsniffed = { 'x-content-type-options': 'nosniff' } as const;

export function jsonPage(value: unknown, more?: Readonly<Record<string, string>>): NodeResponse {
  return page(200, JSON.stringify(value), jsonType, more);
}

/** Where no page is. */
export function noPage(): NodeResponse {
  return page(404, '404 page not found\n', textType, unsniffed);
}

/** To the same path with a slash at its end. */
export function slashMissing(path: string): NodeResponse {
  const body = `<a href="${path}/">Temporary Redirect</a>.\n\n`;
  return page(307, body, 'text/html; charset=utf-8', { location: `${path}/` });
}

export interface PageCall {
  readonly request: NodeRequest;
  /** Without its query, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

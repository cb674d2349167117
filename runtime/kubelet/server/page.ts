import { Readable } from 'node:stream';
import type { NodeRequest, NodeResponse } from '../../../api/streams/node-connection.ts';

export const jsonType = 'application/json';
export const textType = 'text/plain; charset=utf-8';

export function page(status: number, body: string, type = textType): NodeResponse {
  const bytes = Buffer.from(body);
  return {
    status,
    headers: {
      'content-type': type,
      'content-length': String(bytes.length),
      ...(type === textType ? { 'x-content-type-options': 'nosniff' } : {}),
    },
    body: Readable.from(bytes.length === 0 ? [] : [bytes]),
  };
}

export function jsonPage(value: unknown): NodeResponse {
  return page(200, JSON.stringify(value), jsonType);
}

/** Where no page is. */
export function noPage(): NodeResponse {
  return page(404, '404 page not found\n');
}

export interface PageCall {
  readonly request: NodeRequest;
  /** Without its query, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

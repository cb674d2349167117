import type { LogOptions } from '../../../api/streams/node-connection.ts';

const flags = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const streams = ['All', 'Stdout', 'Stderr'] as const;

/** PodLogOptions from a query; undefined when it cannot be read or is not valid. */
export function logOptionsOf(query: URLSearchParams): LogOptions | undefined {
  const flag = (name: string): boolean => query.has(name) && flags.has(query.get(name) || 'true');
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null ? undefined : /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const tail = query.get('tail');
  const tailLines = tail === null || tail === '' ? number('tailLines') : tail === 'all' ? undefined : Number(tail);
  const sinceSeconds = number('sinceSeconds');
  const limitBytes = number('limitBytes');
  const sinceTime = query.get('sinceTime') ?? undefined;
  const asked = query.get('stream') ?? 'All';
  const stream = streams.find((one) => one === asked);
  const isBad =
    stream === undefined ||
    [tailLines, sinceSeconds, limitBytes].some((value) => Number.isNaN(value)) ||
    (tailLines !== undefined && (tailLines < 0 || stream !== 'All')) ||
    (sinceSeconds !== undefined && (sinceSeconds < 1 || sinceTime !== undefined)) ||
    (limitBytes !== undefined && limitBytes < 1) ||
    (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime)));
  if (isBad) return undefined;
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    stream,
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

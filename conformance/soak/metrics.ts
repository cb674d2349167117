import type { Connection } from '../tables-runner/connection.ts';

/** What must not grow while clients stay connected. */
export interface Counts {
  /** LIST requests, and watches that begin with all objects. */
  readonly relists: number;
  /** Answers 410. */
  readonly gone: number;
  /** Answers 500 and above. */
  readonly failures: number;
  readonly requests: number;
  readonly watches: number;
}

const sample = /^(\w+)\{([^}]*)\} (\S+)$/;

function labelsOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
}

export function countsOf(text: string): Counts {
  const counts = { relists: 0, gone: 0, failures: 0, requests: 0, watches: 0 };
  for (const line of text.split('\n')) {
    const [, name, labelText = '', valueText] = sample.exec(line) ?? [];
    if (name === undefined) continue;
    const value = Number(valueText);
    if (name === 'apiserver_watch_list_duration_seconds_count') counts.relists += value;
    if (name !== 'apiserver_request_total') continue;
    const labels = labelsOf(labelText);
    const code = Number(labels.get('code'));
    counts.requests += value;
    if (code === 410) counts.gone += value;
    if (code >= 500) counts.failures += value;
    if (labels.get('verb') === 'WATCH') counts.watches += value;
    if (labels.get('verb') === 'LIST') counts.relists += value;
  }
  return counts;
}

export async function readCounts(connection: Connection): Promise<Counts> {
  const { status, text } = await connection.send({ method: 'GET', path: '/metrics', headers: {} });
  if (status !== 200) throw new Error(`GET /metrics: ${status}`);
  return countsOf(text);
}

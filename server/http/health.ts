import type { ApiResponse } from './message.ts';
import type { NonResourceCall } from './pipeline.ts';

const plain = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };

export interface HealthCheck {
  readonly name: string;
  /** Undefined: well. */
  failure(): string | undefined;
}

/** `/healthz`, `/livez`, `/readyz`, each also with one check's name behind it. */
export function createHealth(
  checks: Readonly<Record<string, readonly HealthCheck[]>>,
  onChecked: (endpoint: string, name: string, isWell: boolean) => void = () => undefined,
): (call: NonResourceCall) => ApiResponse | undefined {
  return ({ parts, query, request }) => {
    const [endpoint = '', only] = parts;
    const all = Object.hasOwn(checks, endpoint) ? checks[endpoint] : undefined;
    if (all === undefined || parts.length > 2 || request.path.endsWith('/')) return undefined;
    if (only !== undefined) {
      const check = all.find(({ name }) => name === only);
      if (check === undefined) return undefined;
      const failure = check.failure();
      onChecked(endpoint, only, failure === undefined);
      if (failure !== undefined) return { status: 500, headers: plain, body: `internal server error: ${failure}\n` };
      return { status: 200, headers: { 'content-type': plain['content-type'] }, body: 'ok' };
    }
    const asked = { endpoint, checks: all, excluded: new Set(query.all('exclude')), verbose: query.has('verbose') };
    return answer(asked, onChecked);
  };
}

interface Asked {
  readonly endpoint: string;
  readonly checks: readonly HealthCheck[];
  readonly excluded: ReadonlySet<string>;
  readonly verbose: boolean;
}

function answer(
  { endpoint, checks, excluded, verbose }: Asked,
  onChecked: (endpoint: string, name: string, isWell: boolean) => void,
): ApiResponse {
  const lines: string[] = [];
  let failed = false;
  for (const check of checks) {
    if (excluded.has(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const failure = check.failure();
    onChecked(endpoint, check.name, failure === undefined);
    failed ||= failure !== undefined;
    lines.push(failure === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  if (failed) return { status: 500, headers: plain, body: `${lines.join('\n')}\n${endpoint} check failed\n` };
  return { status: 200, headers: plain, body: verbose ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok' };
}

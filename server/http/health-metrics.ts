import type { HealthCheck } from './health.ts';
import type { ApiResponse } from './message.ts';

/** How often health was asked for, and what `/metrics/slis` says of it. */
export interface HealthCounts {
  count(endpoint: string, name: string, isWell: boolean): void;
  page(): ApiResponse;
}

export function createHealthCounts(checks: Readonly<Record<string, readonly HealthCheck[]>>): HealthCounts {
  const totals = new Map<string, number>();
  const labelsOf = (endpoint: string, name: string, status?: string): string => {
    const result = status === undefined ? '' : `,status="${status}"`;
    return `{name="${name}"${result},type="${endpoint}"}`;
  };
  return {
    count(endpoint, name, isWell) {
      const key = labelsOf(endpoint, name, isWell ? 'success' : 'error');
      totals.set(key, (totals.get(key) ?? 0) + 1);
    },
    page() {
      const now = Object.entries(checks).flatMap(([endpoint, list]) =>
        list.map((check) => {
          return `kubernetes_healthcheck${labelsOf(endpoint, check.name)} ${check.failure() === undefined ? 1 : 0}`;
        }),
      );
      const counted = [...totals].map(([labels, value]) => `kubernetes_healthchecks_total${labels} ${value}`);
      const lines = [
        '# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.',
        '# TYPE kubernetes_healthcheck gauge',
        ...now.sort(),
        '# HELP kubernetes_healthchecks_total [STABLE] This metric records the results of all healthcheck.',
        '# TYPE kubernetes_healthchecks_total counter',
        ...counted.sort(),
      ];
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' },
        body: `${lines.join('\n')}\n`,
      };
    },
  };
}

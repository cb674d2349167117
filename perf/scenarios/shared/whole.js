// @ts-check
// For scenarios that measure several requests as one whole.
import { Counter, Trend } from 'k6/metrics';
import { settings, vus } from './load.js';

export const whole = new Trend('whole', true);
export const failures = new Counter('failures');

export const wholeSettings = { ...settings, summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)', 'max'] };

/** Of heavy ones: with more clients they would wait for each other's processor. */
export const fewClients = Math.min(4, vus);

/** @param {any} data */
export function handleSummary(data) {
  const { whole, failures } = data.metrics;
  const seconds = data.state.testRunDurationMs / 1000;
  const [requests, failed] = [whole ? whole.values.count : 0, failures ? failures.values.count : 0];
  const times = whole ? whole.values : { med: 0, 'p(95)': 0, 'p(99)': 0, max: 0 };
  const summary = { requests, rate: requests / seconds, failed: failed / Math.max(1, requests + failed), ...times };
  return { stdout: `${JSON.stringify(summary)}\n` };
}

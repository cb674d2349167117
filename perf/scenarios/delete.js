// @ts-check
// Deletes the pods that were made for it, until none is left.
// Environment: as shared/load.js says, and STOCK (how many there are).
import http from 'k6/http';
import exec from 'k6/execution';
import { params, run, settings, target, vus } from './shared/load.js';

export { handleSummary } from './shared/load.js';

const stock = Number(__ENV.STOCK || 1000);

/** @type {import('k6/options').Options} */
export const options = {
  scenarios: {
    delete: { executor: 'shared-iterations', vus, iterations: stock, maxDuration: '120s' },
  },
  ...settings,
};

export default function () {
  const name = `stock-${run}-${exec.scenario.iterationInTest}`;
  http.del(`${target}/api/v1/namespaces/perf-create/pods/${name}?gracePeriodSeconds=0`, null, params);
}

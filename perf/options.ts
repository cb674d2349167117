import { parseArgs } from 'node:util';
import { chosenScenarios, scenarios } from './catalog.ts';

export const usage = `node perf/run.ts [options]
  --subject S       kubefacade (default), reference, or a kubeconfig
  --against S       the same; the default is to measure the subject alone
  --pods N          preloaded pods (7500)
  --scale A,B       measures with so many pods instead, one after the other: 1k,10k,50k
  --rounds N        turns of each scenario and server (2)
  --duration D      of one turn (4s)
  --clients N       (16)
  --scenarios A,B   all (the default), core, or of: ${scenarios.join(', ')}
  --flag F          passed to kubefacade start; may be repeated
  --json FILE       results as JSON
  --html FILE       results as a page with plots
  --baseline NAME   keeps the results as perf/baselines/DATE-NAME.json
  --check           fails when perf/thresholds.json is not met
  --regression      fails when something is worse than in the newest baseline`;

const core = 'create,get,list-500,list-all,label-selection,merge-patch';

/** `7500`, `10k`. */
export function parseCount(text: string): number {
  const match = /^(\d+)(k?)$/.exec(text.trim());
  if (match === null) throw new Error(`${text} is no number of pods`);
  return Number(match[1]) * (match[2] === 'k' ? 1000 : 1);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}=${text}: a positive number is wanted`);
  return value;
}

export function parseOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      subject: { type: 'string', default: 'kubefacade' },
      against: { type: 'string' },
      pods: { type: 'string', default: '7500' },
      scale: { type: 'string' },
      rounds: { type: 'string', default: '2' },
      duration: { type: 'string', default: '4s' },
      clients: { type: 'string', default: '16' },
      scenarios: { type: 'string', default: 'all' },
      flag: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      html: { type: 'string' },
      baseline: { type: 'string' },
      check: { type: 'boolean', default: false },
      regression: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { subject, against, duration, flag, json, html, baseline, check, regression, help } = values;
  if (!/^\d+(\.\d+)?s$/.test(duration)) throw new Error(`--duration=${duration}: seconds are wanted, such as 4s`);
  if (check && against === undefined) throw new Error('--check compares: it needs --against');
  return {
    ...{ subject, against, duration, flag, json, html, baseline, check, regression, help },
    /** Ascending: each load adds pods to the one before. */
    loads: [...new Set((values.scale ?? values.pods).split(',').map(parseCount))].sort((a, b) => a - b),
    rounds: positive('rounds', values.rounds),
    clients: positive('clients', values.clients),
    scenarios: chosenScenarios(values.scenarios === 'core' ? core : values.scenarios),
  };
}

export type Options = ReturnType<typeof parseOptions>;

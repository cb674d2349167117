import { sleep } from '../../../client/sleep.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { goLog } from '../go-command.ts';
import { type Answer, formOf, reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import { coresWithin } from './stress.ts';

const argumentsMissing = 'not given function argument';
const argumentsWrong = 'incorrect function argument';

/** What is used at this time, by all requests together. */
interface Consumption {
  millicores: number;
  megabytes: number;
  readonly metrics: Map<string, number>;
}

/** Uses what it is told to for as long as it is told to: processor, memory, and metrics of its own. */
export const resourceConsumer: Program = (context) => {
  const used: Consumption = { millicores: 0, megabytes: 0, metrics: new Map() };
  const service = serveHttp(context.network, 8080, async (call) => {
    if (call.url.pathname === '/metrics') return reply(call, { body: metricsText(used) });
    if (call.request.method !== 'POST') return reply(call, { status: 400, body: 'Not a POST request\n' });
    return reply(call, consume(context, used, call.url.pathname, await formOf(call)));
  });
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

function metricsText({ metrics }: Consumption): string {
  const rows = [...metrics].map(
    ([name, value]) => `# HELP ${name} info message.\n# TYPE ${name} gauge\n${name} ${value.toFixed(6)}\n`,
  );
  return rows.join('');
}

type Change = (amount: number) => void;

function consume(context: ProgramContext, used: Consumption, path: string, form: URLSearchParams): Answer {
  const seconds = form.get('durationSec') ?? '';
  const start = (amountText: string, lines: readonly string[], change: Change): Answer => {
    if (seconds === '' || amountText === '') return { status: 400, body: `${argumentsMissing}\n` };
    const amount = Number(amountText);
    if (!/^\d+$/.test(seconds) || Number.isNaN(amount)) return { status: 400, body: `${argumentsWrong}\n` };
    change(amount);
    void sleep(context.clock, Number(seconds) * 1000, context.killed).then(() => change(-amount));
    return { body: [...lines, `${seconds} durationSec`].map((line) => `${line}\n`).join('') };
  };
  if (path === '/ConsumeCPU') {
    const amount = form.get('millicores') ?? '';
    goLog(context)(`ConsumeCPU millicores: ${amount}, durationSec: ${seconds}`);
    return start(amount, ['ConsumeCPU', `${amount} millicores`], (change) => {
      used.millicores += change;
      context.budget.useSteadily(coresWithin(context, used.millicores / 1000));
    });
  }
  if (path === '/ConsumeMem') {
    const amount = form.get('megabytes') ?? '';
    goLog(context)(`ConsumeMem megabytes: ${amount}, durationSec: ${seconds}`);
    return start(amount, ['ConsumeMem', `${amount} megabytes`], (change) => {
      used.megabytes += change;
      context.useMemory(used.megabytes * 2 ** 20);
    });
  }
  if (path === '/BumpMetric') {
    const [name, delta] = [form.get('metric') ?? '', form.get('delta') ?? ''];
    if (name === '') return { status: 400, body: `${argumentsMissing}\n` };
    return start(delta, ['BumpMetric', `${name} metric`, `${delta} delta`], (change) => {
      used.metrics.set(name, (used.metrics.get(name) ?? 0) + change);
    });
  }
  if (path === '/GetCurrentStatus') return { body: 'Warning: not implemented!\nGetCurrentStatus' };
  return { status: 404, body: `unknown function: ${path}\n` };
}

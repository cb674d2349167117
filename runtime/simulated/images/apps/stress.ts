import { parseQuantity, QuantityError } from '../../../../api/quantity.ts';
import { sleep } from '../../../client/sleep.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { lifetimeOf } from '../lifetime.ts';

export interface Load {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Absent: until it is told to end. */
  readonly forMs?: number;
}

/** What a container may use of a processor at most. */
export function coresWithin({ facts }: Pick<ProgramContext, 'facts'>, cores: number): number {
  const limit = facts.container.resources?.limits?.['cpu'];
  return limit === undefined ? cores : Math.min(cores, Number(parseQuantity(limit).milliValue()) / 1000);
}

/** Says that it uses so much; nothing is used. More memory than the container may have ends it. */
export async function stressWith(context: ProgramContext, { cores, memoryBytes, forMs }: Load): Promise<number> {
  context.budget.useSteadily(coresWithin(context, cores));
  if (memoryBytes > 0) context.useMemory(memoryBytes);
  const lifetime = lifetimeOf(context, [{ close: () => context.budget.useSteadily(0) }], (end) => end(143));
  if (forMs !== undefined) void sleep(context.clock, forMs, context.killed).then(() => lifetime.end(0));
  return lifetime.ended;
}

const units: Readonly<Record<string, number>> = { '': 1, B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

function bytesOf(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([BKMG]?)$/i.exec(text) ?? [];
  if (amount !== undefined) return Number(amount) * (units[unit.toUpperCase()] ?? 1);
  try {
    return Number(parseQuantity(text).value());
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    return 0;
  }
}

/** Two programs of this name: `--cpu N --vm N --vm-bytes B -t S`, and `-cpus N -mem-total Q`. */
export const stress: Program = async (context) => {
  const words = context.args.slice(1).flatMap((word) => (word.startsWith('-') ? word.split('=') : [word]));
  const optionOf = (...names: string[]): string | undefined => {
    const at = words.findIndex((word) => names.includes(word));
    return at < 0 ? undefined : words[at + 1];
  };
  const workers = Number(optionOf('--vm', '-m') ?? 0);
  const memoryBytes =
    workers * bytesOf(optionOf('--vm-bytes') ?? '256M') + bytesOf(optionOf('-mem-total', '--mem-total') ?? '0');
  const cores = Number(optionOf('--cpu', '-c', '-cpus', '--cpus') ?? 0);
  const seconds = optionOf('--timeout', '-t');
  context.stdout.write(`stress: info: [${context.pid}] dispatching hogs: ${cores} cpu, 0 io, ${workers} vm, 0 hdd\n`);
  const forMs = seconds === undefined ? undefined : Number.parseFloat(seconds) * 1000;
  return stressWith(context, { cores, memoryBytes, ...(forMs === undefined ? {} : { forMs }) });
};

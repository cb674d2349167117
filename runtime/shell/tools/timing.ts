import { sleep } from '../../client/sleep.ts';
import type { ShellProgram } from '../shell-process.ts';

const unitsMs: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** The longest that a timer can be. */
const longestMs = 2 ** 31 - 1;

/** What a `sleep` was given, in milliseconds; undefined: no time. */
export function durationMs(text: string): number | undefined {
  if (/^inf(inity)?$/.test(text)) return Number.POSITIVE_INFINITY;
  const [, amount, unit = ''] = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unitsMs[unit] ?? 1000);
}

const pause: ShellProgram = async (args, { clock, killed, stderr }) => {
  if (args.length === 0) {
    stderr.write('sleep: missing operand\n');
    return 1;
  }
  let left = 0;
  for (const arg of args) {
    const ms = durationMs(arg);
    if (ms === undefined) {
      stderr.write(`sleep: invalid number '${arg}'\n`);
      return 1;
    }
    left += ms;
  }
  while (left > 0 && !killed.aborted) {
    await sleep(clock, Math.min(left, longestMs), killed);
    left -= longestMs;
  }
  return 0;
};

export const timingTools: Readonly<Record<string, ShellProgram>> = {
  sleep: pause,
  usleep: ([text = '0'], process) => pause([String(Number(text) / 1e6)], process),
};

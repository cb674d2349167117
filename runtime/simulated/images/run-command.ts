import { OpenFile } from '../../processes/open-file.ts';
import type { ProgramContext } from '../process.ts';

/** Runs a script beside a program, in the same container; what it writes to both streams comes in order. */
export async function runShell(context: ProgramContext, script: string): Promise<{ code: number; output: string }> {
  let output = '';
  const stdin = new OpenFile({ name: '/dev/null', read: async () => undefined });
  const stdout = new OpenFile({
    name: 'pipe:[3]',
    write: (text) => {
      output += text;
    },
  });
  const descriptors = new Map([
    [0, stdin],
    [1, stdout],
    [2, stdout],
  ]);
  const { code } = await context.spawn({ args: ['/bin/sh', '-c', script], descriptors }).exited;
  return { code, output };
}

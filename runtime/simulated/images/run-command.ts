import type { ProgramContext } from '../process.ts';

/** Runs a script beside a program, in the same container; what it writes to both streams comes in order. */
export async function runShell(context: ProgramContext, script: string): Promise<{ code: number; output: string }> {
  const { shellProgram } = await import('../shell-program.ts');
  const { readerOf, writerOf } = await import('../../shell/streams.ts');
  let output = '';
  const writer = writerOf((text) => {
    output += text;
  });
  const code = await shellProgram(['/bin/sh', '-c', script])({
    ...context,
    args: ['/bin/sh', '-c', script],
    stdin: readerOf(''),
    stdout: writer,
    stderr: writer,
    onTerminate: () => undefined,
  });
  return { code, output };
}

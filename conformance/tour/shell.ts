import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface TourShell extends AsyncDisposable {
  /** Lines of both streams. What runs in the background may print between. */
  run(command: string): Promise<readonly string[]>;
}

const stepTimeoutMs = 120_000;

/** One bash that keeps its variables and its background programs from step to step. */
export function openShell(folder: string, environment: Readonly<Record<string, string | undefined>>): TourShell {
  const child = spawn('bash', ['--norc', '-s'], {
    cwd: folder,
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
    // Its background programs end with it.
    detached: true,
  });
  child.stdin.write('exec 2>&1\n');
  let text = '';
  let told = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    told();
  });
  child.stdin.on('error', () => undefined);
  let count = 0;
  return {
    run: async (command) => {
      const mark = `--- step ${++count} has ended ---`;
      text = '';
      // Commands must not read the script that follows.
      child.stdin.write(`{ ${command}\n} < /dev/null\nprintf '%s\\n' '${mark}'\n`);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`no end of ${command}; so far:\n${text}`)), stepTimeoutMs);
      told = () => {
        if (text.includes(mark)) resolve();
      };
      told();
      await promise.finally(() => clearTimeout(timer));
      const lines = text.slice(0, text.indexOf(mark)).split('\n');
      if (lines.at(-1) === '') lines.pop();
      return lines;
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      if (child.pid !== undefined && child.exitCode === null) {
        process.kill(-child.pid, 'SIGTERM');
        await ended;
      }
    },
  };
}

import { goQuote } from '../../api/go-text.ts';
import { sleep } from '../client/sleep.ts';
import type { Container } from './pod-runtime.ts';
import { execInContainer } from './probes/exec-in-container.ts';
import { httpGet } from './probes/http-get.ts';
import type { ProbeTarget } from './probes/probe.ts';

export type Hook = NonNullable<NonNullable<Container['lifecycle']>['postStart']>;

/** Runs a container's hook; rejects with what its state says of it. `signal` is the container's end, which ends the hook. */
export async function runHook(hook: Hook, target: ProbeTarget, podText: string, signal: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(new Error(`container ${target.container.name} has ended`));
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  const work = run(hook, target, podText, signal);
  work.catch(() => undefined);
  try {
    await Promise.race([work, ended.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function run(hook: Hook, target: ProbeTarget, podText: string, signal: AbortSignal): Promise<void> {
  const { container, running, clock } = target;
  const where = `for Container ${goQuote(container.name ?? '')} in Pod ${goQuote(podText)} failed - error:`;
  if (hook.exec !== undefined) {
    const command = hook.exec.command ?? [];
    const name = `Exec lifecycle hook ([${command.join(' ')}])`;
    let result: Awaited<ReturnType<typeof execInContainer>>;
    try {
      result = await execInContainer(running, command, clock);
    } catch (error) {
      throw new Error(`${name} ${where} ${textOf(error)}, message: ""`);
    }
    if (result.is === 'late' || result.code === 0) return;
    const why = `command '${command.join(' ')}' exited with ${result.code}: `;
    throw new Error(`${name} ${where} ${why}, message: ${goQuote(result.output)}`);
  }
  if (hook.httpGet !== undefined) {
    try {
      await getOrFallBack(target, hook.httpGet);
    } catch (error) {
      throw new Error(`HTTP lifecycle hook (${hook.httpGet.path ?? ''}) ${where} ${textOf(error)}`);
    }
    return;
  }
  if (hook.sleep !== undefined) {
    const seconds = hook.sleep.seconds ?? 0;
    await sleep(clock, seconds * 1000, signal);
    if (signal.aborted)
      throw new Error(`Sleep lifecycle hook (${seconds}) ${where} container terminated before sleep hook finished`);
    return;
  }
  throw new Error('Cannot run handler: invalid handler');
}

/** A server that has no TLS is asked without. */
async function getOrFallBack(target: ProbeTarget, action: NonNullable<Hook['httpGet']>): Promise<void> {
  try {
    await httpGet(target, action, 'lifecycle');
  } catch (error) {
    if (!textOf(error).includes('server gave HTTP response to HTTPS client')) throw error;
    const httpHeaders = (action.httpHeaders ?? []).filter(({ name }) => name?.toLowerCase() !== 'authorization');
    await httpGet(target, { ...action, scheme: 'HTTP', httpHeaders }, 'lifecycle');
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { sleep } from '../../client/sleep.ts';
import { NetworkError } from '../../network/network.ts';
import type { Program, ProgramContext } from '../process.ts';
import { reply, serveHttp } from './http-service.ts';
import { lifetimeOf } from './lifetime.ts';
import { greetingOf, healthPortOf, isAwaited, portsOf } from './unknown-work.ts';

const workMs = 1000;

/** Whether the container's own command began it, and not somebody from outside. */
function isOfFirst({ pid, parent, facts, processes }: ProgramContext): boolean {
  if (pid === 1 || facts.pod.spec?.shareProcessNamespace === true) return true;
  const parents = new Map(processes().map((one) => [one.pid, one.parent]));
  let at = parent;
  while (at > 1) at = parents.get(at) ?? 0;
  return at === 1;
}

/** Of an image that nobody knows: stays up and answers whoever asks, or works for a second where it is to end. What is run beside it ends well at once. */
export const unknownServer: Program = async (context) => {
  const { container } = context.facts;
  if (!isOfFirst(context)) return 0;
  if (isAwaited(context.facts)) {
    context.stdout.write(`simulated image ${container.image ?? ''}: ends well\n`);
    await sleep(context.clock, workMs, context.killed);
    return 0;
  }
  const ports = portsOf(container);
  const servers: { close(): void }[] = [];
  for (const port of ports) {
    try {
      servers.push(serveHttp(context.network, port, (call) => reply(call, { body: `${context.facts.hostname}\n` })));
    } catch (error) {
      // Another container of the pod has it, or another pod of the node.
      if (!(error instanceof NetworkError)) throw error;
    }
  }
  const grpc = healthPortOf(container);
  if (grpc !== undefined && !ports.includes(grpc)) {
    const { serveHealth } = await import('./grpc-service.ts');
    servers.push(serveHealth(context.network, grpc, () => 'SERVING'));
  }
  context.stdout.write(greetingOf(container, ports));
  return lifetimeOf(context, servers).ended;
};

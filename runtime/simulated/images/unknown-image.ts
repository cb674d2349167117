import { sleep } from '../../client/sleep.ts';
import type { Container } from '../../kubelet/pod-runtime.ts';
import { NetworkError } from '../../network/network.ts';
import type { ContainerFacts, Program, ProgramContext } from '../process.ts';
import { reply, serveHttp } from './http-service.ts';
import { lifetimeOf } from './lifetime.ts';

type Probe = NonNullable<Container['livenessProbe']>;

/** Where somebody expects an answer: declared ports, and those of probes. */
function portsOf({ ports = [], livenessProbe, readinessProbe, startupProbe }: Container): readonly number[] {
  const declared = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP').map(({ containerPort }) => containerPort);
  const probes = [livenessProbe, readinessProbe, startupProbe].filter((probe): probe is Probe => probe !== undefined);
  const probed = probes.flatMap(({ httpGet, tcpSocket }) => [httpGet?.port, tcpSocket?.port]);
  return [...new Set([...declared, ...probed])].filter((port): port is number => typeof port === 'number' && port > 0);
}

const workMs = 1000;

/** Whether somebody waits for its end: init containers, and those of Jobs. */
function isAwaited({ pod, container }: ContainerFacts): boolean {
  const isInit = pod.spec?.initContainers?.some(({ name }) => name === container.name) === true;
  if (isInit) return container.restartPolicy !== 'Always';
  return pod.metadata?.ownerReferences?.some(({ kind }) => kind === 'Job') === true;
}

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
  const { livenessProbe, readinessProbe, startupProbe } = container;
  const grpc = [livenessProbe, readinessProbe, startupProbe].find((probe) => probe?.grpc !== undefined)?.grpc?.port;
  if (grpc !== undefined && !ports.includes(grpc)) {
    const { serveHealth } = await import('./grpc-service.ts');
    servers.push(serveHealth(context.network, grpc, () => 'SERVING'));
  }
  const where = ports.length === 0 ? '' : `, answers on port${ports.length > 1 ? 's' : ''} ${ports.join(', ')}`;
  context.stdout.write(`simulated image ${container.image ?? ''}: stays up${where}\n`);
  return lifetimeOf(context, servers).ended;
};

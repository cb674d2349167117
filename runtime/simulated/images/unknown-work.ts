import type { Container } from '../../kubelet/pod-runtime.ts';
import type { ContainerFacts } from '../process.ts';

type Probe = NonNullable<Container['livenessProbe']>;

/** Where somebody expects an answer: declared ports, and those of probes. */
export function portsOf({
  ports = [],
  livenessProbe,
  readinessProbe,
  startupProbe,
}: Readonly<Container>): readonly number[] {
  const declared = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP').map(({ containerPort }) => containerPort);
  const probes = [livenessProbe, readinessProbe, startupProbe].filter((probe): probe is Probe => probe !== undefined);
  const probed = probes.flatMap(({ httpGet, tcpSocket }) => [httpGet?.port, tcpSocket?.port]);
  return [...new Set([...declared, ...probed])].filter((port): port is number => typeof port === 'number' && port > 0);
}

export function healthPortOf({ livenessProbe, readinessProbe, startupProbe }: Container): number | undefined {
  return [livenessProbe, readinessProbe, startupProbe].find((probe) => probe?.grpc !== undefined)?.grpc?.port;
}

/** Whether somebody waits for its end: init containers, and those of Jobs. */
export function isAwaited({ pod, container }: Pick<ContainerFacts, 'pod' | 'container'>): boolean {
  const isInit = pod.spec?.initContainers?.some(({ name }) => name === container.name) === true;
  if (isInit) return container.restartPolicy !== 'Always';
  return pod.metadata?.ownerReferences?.some(({ kind }) => kind === 'Job') === true;
}

/** What a server says first. */
export function greetingOf({ image = '' }: Container, ports: readonly number[]): string {
  const where = ports.length === 0 ? '' : `, answers on port${ports.length > 1 ? 's' : ''} ${ports.join(', ')}`;
  return `simulated image ${image}: stays up${where}\n`;
}

/** The words of one that has nobody to answer to, and only waits. */
export function idleWords(facts: Pick<ContainerFacts, 'pod' | 'container'>): string | undefined {
  const { container } = facts;
  if (isAwaited(facts) || portsOf(container).length > 0 || healthPortOf(container) !== undefined) return undefined;
  return greetingOf(container, []);
}

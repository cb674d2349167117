import type { ContainerPort, PodSpec } from './pod-types.ts';

interface Placed {
  readonly path: string;
  readonly port: ContainerPort;
}

function placedPorts(spec: Readonly<PodSpec>, at: (rest: string) => string): Placed[] {
  const placed: Placed[] = [];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      for (const [j, port] of (container.ports ?? []).entries()) {
        placed.push({ path: at(`spec.${list}[${i}].ports[${j}]`), port });
      }
    }
  }
  return placed;
}

/** Ports and port names that stand in the way of each other. */
export function portWarnings(spec: Readonly<PodSpec>, at: (rest: string) => string, warnings: string[]): void {
  const placed = placedPorts(spec, at);
  const byNumber = new Map<string, Placed[]>();
  for (const { path, port } of placed) {
    const { name = '', hostIP = '', hostPort = 0, containerPort = 0, protocol = '' } = port;
    if (hostIP !== '' && hostPort === 0) {
      const shown = `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
      warnings.push(`${path}: hostIP set without hostPort: ${shown}`);
    }
    const key = `${containerPort}/${protocol}`;
    const others = byNumber.get(key) ?? [];
    for (const other of others) {
      const problem = portConflict(port, other.port);
      if (problem !== undefined) warnings.push(`${path}: ${problem} port definition with ${other.path}`);
    }
    byNumber.set(key, [...others, { path, port }]);
  }
  nameWarnings(placed, warnings);
}

function portConflict(port: ContainerPort, other: ContainerPort): string | undefined {
  const [ip, otherIP] = [port.hostIP ?? '', other.hostIP ?? ''];
  const [number, otherNumber] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (ip === otherIP && number === otherNumber) return 'duplicate';
  if (number === 0 || otherNumber === 0) return 'overlapping';
  return number === otherNumber && (ip === '') !== (otherIP === '') ? 'dangerously ambiguous' : undefined;
}

function nameWarnings(placed: readonly Placed[], warnings: string[]): void {
  const names = new Map<string, string>();
  for (const { path, port } of placed) {
    const { name = '' } = port;
    if (name === '') continue;
    const other = names.get(name);
    if (other === undefined) names.set(name, path);
    else {
      const chosen = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${path}: duplicate port name ${JSON.stringify(name)} with ${other}, ${chosen}`);
    }
  }
}

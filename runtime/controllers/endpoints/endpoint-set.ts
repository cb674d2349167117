import type { Endpoint, EndpointPort } from './kinds.ts';

/** What makes two endpoints the same one, whatever else changes about it. */
function identityOf({ addresses, hostname, targetRef }: Readonly<Endpoint>): string {
  const all = addresses?.length === 1 ? (addresses[0] ?? '') : (addresses ?? []).toSorted().join(',');
  // None of these can hold a space.
  return `${all} ${hostname ?? ''} ${targetRef?.namespace ?? ''} ${targetRef?.name ?? ''}`;
}

/** Endpoints, each once. */
export class EndpointSet {
  readonly #endpoints = new Map<string, Endpoint>();

  get size(): number {
    return this.#endpoints.size;
  }

  add(endpoint: Endpoint): void {
    this.#endpoints.set(identityOf(endpoint), endpoint);
  }

  get(endpoint: Readonly<Endpoint>): Endpoint | undefined {
    return this.#endpoints.get(identityOf(endpoint));
  }

  /** Takes the same one out. */
  take(endpoint: Readonly<Endpoint>): Endpoint | undefined {
    const identity = identityOf(endpoint);
    const found = this.#endpoints.get(identity);
    this.#endpoints.delete(identity);
    return found;
  }

  /** Takes out up to `count` of them. */
  takeSome(count: number): Endpoint[] {
    const taken: Endpoint[] = [];
    for (const [identity, endpoint] of this.#endpoints) {
      if (taken.length >= count) break;
      taken.push(endpoint);
      this.#endpoints.delete(identity);
    }
    return taken;
  }
}

/** Of two with the same identity; hints are somebody else's business. */
export function isSameState(a: Readonly<Endpoint>, b: Readonly<Endpoint>): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    a.conditions?.ready === b.conditions?.ready &&
    a.conditions?.serving === b.conditions?.serving &&
    a.conditions?.terminating === b.conditions?.terminating &&
    isSameTarget(a.targetRef, b.targetRef)
  );
}

function isSameTarget(a: Endpoint['targetRef'], b: Endpoint['targetRef']): boolean {
  return (
    a?.uid === b?.uid &&
    a?.name === b?.name &&
    a?.namespace === b?.namespace &&
    a?.kind === b?.kind &&
    a?.apiVersion === b?.apiVersion &&
    a?.fieldPath === b?.fieldPath
  );
}

export function sortedPorts(ports: readonly Readonly<EndpointPort>[]): EndpointPort[] {
  return ports.toSorted((a, b) => (portText(a) < portText(b) ? -1 : 1));
}

/** Slices with the same key can hold the same endpoints. */
export function portsKey(ports: readonly Readonly<EndpointPort>[] | undefined): string {
  return (ports ?? []).map(portText).toSorted().join();
}

function portText({ name, port, protocol, appProtocol }: Readonly<EndpointPort>): string {
  return JSON.stringify([name ?? '', port ?? null, protocol ?? 'TCP', appProtocol ?? null]);
}

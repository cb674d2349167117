/** A minimal valid object of one kind, and what to know about it. */
export interface Fixture {
  /** All but apiVersion, kind and metadata. */
  readonly object?: Readonly<Record<string, unknown>>;
  /** Names that are not words: addresses, `group/signer`. */
  readonly name?: (rand: string) => string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** A merge patch of the status subresource, and a field it sets. */
  readonly status?: { readonly patch: unknown; readonly path: string; readonly value: unknown };
  /** Fields of the kind that the server fills in as it likes. */
  readonly free?: readonly string[];
}

export const condition = {
  type: 'Conformance',
  status: 'True',
  lastTransitionTime: '2020-01-01T00:00:00Z',
  reason: 'R',
  message: 'm',
};

/** A status that any kind with conditions takes. */
export const reasonSet = {
  patch: { status: { conditions: [condition] } },
  path: 'status.conditions[0].reason',
  value: 'R',
};

export type Fixtures = Readonly<Record<string, (rand: string) => Fixture>>;

/** Nothing but labels may be asked of pods that shall never run: no node has this label. */
export const unschedulable = { 'conformance.example.com/no-such-node': 'true' };

export const podSpec = {
  containers: [{ name: 'main', image: 'registry.example.com/none:1' }],
  nodeSelector: unschedulable,
};

export function template(rand: string): { metadata: unknown; spec: unknown } {
  return { metadata: { labels: { app: rand } }, spec: podSpec };
}

/** Two bytes of a case's random word, for addresses. */
export function bytesOf(rand: string): readonly [number, number] {
  const number = Number.parseInt(rand.slice(1, 5), 16);
  return [number >> 8, number & 255];
}

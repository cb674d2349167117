/** A schema as it is sent. */
type Schema = Record<string, unknown>;

/** Repeats itself for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

const words = 'service volume policy template target replica window budget probe secret network storage'.split(' ');

/** Every keyword that a structural schema may have, in turn. */
const leaves: readonly ((n: number) => Schema)[] = [
  (n) => ({ type: 'string', minLength: 1, maxLength: 20 + n, default: `text-${n}` }),
  () => ({ type: 'string', enum: ['Always', 'Never', 'Sometimes'], default: 'Never' }),
  () => ({ type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 }),
  () => ({ type: 'string', format: 'date-time', nullable: true }),
  (n) => ({ type: 'integer', format: 'int32', minimum: 0, maximum: 1000 + n, default: n }),
  () => ({ type: 'integer', format: 'int64', multipleOf: 5, exclusiveMinimum: true, minimum: -5 }),
  () => ({ type: 'number', minimum: 0, maximum: 1, exclusiveMaximum: true, default: 0.5 }),
  () => ({ type: 'boolean', default: true }),
  () => ({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
  () => ({ type: 'array', maxItems: 8, items: { type: 'string', maxLength: 40 }, 'x-kubernetes-list-type': 'set' }),
  () => ({ type: 'array', minItems: 0, maxItems: 4, items: { type: 'integer' }, 'x-kubernetes-list-type': 'atomic' }),
  () => ({
    type: 'array',
    maxItems: 16,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name', 'protocol'],
    items: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', maxLength: 30 },
        protocol: { type: 'string', default: 'TCP', maxLength: 4 },
        port: { type: 'integer', minimum: 1, maximum: 65535 },
      },
    },
  }),
  () => ({ type: 'object', maxProperties: 8, additionalProperties: { type: 'string', maxLength: 30 } }),
  () => ({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
  () => ({ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }),
  () => ({
    type: 'object',
    'x-kubernetes-map-type': 'atomic',
    properties: { kind: { type: 'string' }, name: { type: 'string' } },
    required: ['name'],
  }),
  () => ({
    type: 'object',
    properties: { from: { type: 'string' }, to: { type: 'string' }, at: { type: 'integer' } },
    oneOf: [{ required: ['from'] }, { required: ['to'] }],
    allOf: [{ properties: { at: { minimum: 0 } } }],
    not: { properties: { at: { enum: [13] } }, required: ['at'] },
  }),
  (n) => ({
    type: 'object',
    properties: { min: { type: 'integer', default: 1 }, max: { type: 'integer', default: n + 2 } },
    'x-kubernetes-validations': [{ rule: 'self.min <= self.max', message: 'min is above max', fieldPath: '.min' }],
  }),
];

function objectSchema(next: () => number, depth: number, width: number): Schema {
  const properties: Record<string, Schema> = {};
  for (let i = 0; i < width; i++) {
    const n = next();
    const word = words[n % words.length] ?? '';
    const inner = depth > 0 && i % 4 === 3;
    const schema = inner ? objectSchema(next, depth - 1, width) : (leaves[i % leaves.length]?.(n % 100) ?? {});
    properties[`${word}${i}`] = {
      description: `The ${word} number ${i}: what it does is told in a text of some length.`,
      ...schema,
    };
  }
  return { type: 'object', properties };
}

export interface LargeDefinition {
  readonly kind: string;
  readonly versions: readonly object[];
  /** Lines of its YAML form, roughly: members and elements. */
  readonly lines: number;
}

function linesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + linesOf(member), 1);
}

/** A definition of more than two thousand lines with every keyword in use; another one for each seed. */
export function largeDefinition(seed: number): LargeDefinition {
  const next = numbers(seed);
  const spec = objectSchema(next, 1 + (seed % 2), 18);
  const status = objectSchema(next, 0, 18);
  const version = (name: string, storage: boolean): object => ({
    name,
    served: true,
    storage,
    subresources: { status: {} },
    additionalPrinterColumns: [{ name: 'Generation', type: 'integer', jsonPath: '.metadata.generation' }],
    schema: {
      openAPIV3Schema: { type: 'object', description: `A large kind, number ${seed}.`, properties: { spec, status } },
    },
  });
  const versions = [version('v1beta1', false), version('v1', true)];
  return { kind: `Large${seed}`, versions, lines: linesOf(versions) };
}

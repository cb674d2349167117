import { brokenExpression, randomExpression } from './expressions.ts';
import type { Random } from './random.ts';
import type { Json } from './shapes.ts';

const types = ['object', 'object', 'object', 'array', 'string', 'integer', 'number', 'boolean'];
const wrong: readonly unknown[] = ['text', 7, true, null, {}, [], -1, 2.5, ['x'], { a: 1 }];
const patterns = ['^a+$', '(a+)+$', '[', '\\p{Greek}', '(?i)x', '^[a-z]{1,3}$', ''];
const formats = ['date-time', 'ipv4', 'uuid', 'byte', 'int32', 'int64', 'duration', 'cidr', 'email', 'odd'];

function rules(random: Random): Json[] {
  return Array.from({ length: 1 + random.int(2) }, () => ({
    rule: random.chance(0.8) ? randomExpression(random, 3) : brokenExpression(random),
    ...(random.chance(0.3) ? { messageExpression: randomExpression(random, 2) } : {}),
    ...(random.chance(0.2) ? { optionalOldSelf: true } : {}),
    ...(random.chance(0.2) ? { fieldPath: random.pick(['.a', '.b.c', '.list', 'x', '']) } : {}),
  }));
}

function ofType(random: Random, type: string, depth: number): Record<string, unknown> {
  const inner = (): Json => randomSchema(random, depth - 1);
  switch (type) {
    case 'object': {
      if (depth > 0 && random.chance(0.25)) return { additionalProperties: inner() };
      const names = ['a', 'b', 'list', 'map'].filter(() => depth > 0 && random.chance(0.5));
      const required = random.chance(0.3) ? { required: ['a'] } : {};
      return { properties: Object.fromEntries(names.map((name) => [name, inner()])), ...required };
    }
    case 'array': {
      const kind = random.pick(['atomic', 'set', 'map', undefined]);
      return {
        items: inner(),
        ...(kind === undefined ? {} : { 'x-kubernetes-list-type': kind }),
        ...(kind === 'map' ? { 'x-kubernetes-list-map-keys': ['a'] } : {}),
        ...(random.chance(0.6) ? { maxItems: random.int(20) } : {}),
      };
    }
    case 'string':
      return {
        ...(random.chance(0.3) ? { pattern: random.pick(patterns) } : {}),
        ...(random.chance(0.3) ? { format: random.pick(formats) } : {}),
        ...(random.chance(0.6) ? { maxLength: random.int(50) } : {}),
        ...(random.chance(0.2) ? { enum: ['a', 'b'] } : {}),
      };
    default:
      return {
        ...(random.chance(0.4) ? { minimum: random.int(5) } : {}),
        ...(random.chance(0.2) ? { multipleOf: random.int(3) } : {}),
      };
  }
}

/** Often structural, sometimes not, seldom nonsense. */
export function randomSchema(random: Random, depth = 4): Json {
  const type = depth === 4 ? 'object' : random.pick(types);
  const schema: Record<string, unknown> = { type, ...ofType(random, type, depth) };
  if (random.chance(0.12)) schema['x-kubernetes-validations'] = rules(random);
  if (random.chance(0.05)) schema['default'] = randomValue(random, 2);
  if (random.chance(0.08)) schema['nullable'] = true;
  if (random.chance(0.04)) schema['x-kubernetes-preserve-unknown-fields'] = true;
  if (random.chance(0.02)) schema['x-kubernetes-int-or-string'] = true;
  if (random.chance(0.02)) schema['x-kubernetes-embedded-resource'] = true;
  if (random.chance(0.03)) schema[random.pick(['anyOf', 'oneOf', 'allOf'])] = [{ required: ['a'] }, { minimum: 1 }];
  if (random.chance(0.01))
    schema[random.pick(['type', 'items', 'properties', 'pattern', 'maxLength', '$ref'])] = random.pick(wrong);
  return schema;
}

export function randomValue(random: Random, depth = 4): unknown {
  const kind = random.int(depth === 0 ? 5 : 8);
  if (kind === 0)
    return random.pick(['', 'a', 'b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '2020-01-01T00:00:00Z', '€', '1h']);
  if (kind === 1) return random.pick([0, 1, -1, 7, 2 ** 53, 1e300]);
  if (kind === 2) return random.chance(0.5);
  if (kind === 3) return null;
  if (kind === 4) return 2.5;
  if (kind === 5) return Array.from({ length: random.int(4) }, () => randomValue(random, depth - 1));
  const names = ['a', 'b', 'list', 'map', 'other'].filter(() => random.chance(0.5));
  return Object.fromEntries(names.map((name) => [name, randomValue(random, depth - 1)]));
}

/** A value that often fits: what rules are to be tried with. */
export function valueFor(random: Random, schema: Json, depth = 5): unknown {
  if (depth === 0 || random.chance(0.05)) return randomValue(random, 2);
  const { properties, items, additionalProperties } = schema as Record<string, Json | undefined>;
  switch (schema['type']) {
    case 'object': {
      const named = Object.entries(properties ?? {}).filter(() => random.chance(0.7));
      const of =
        additionalProperties === undefined ? [] : ['k', 'l'].map((name) => [name, additionalProperties] as const);
      return Object.fromEntries(
        [...named, ...of].map(([name, inner]) => [name, valueFor(random, inner as Json, depth - 1)]),
      );
    }
    case 'array':
      return Array.from({ length: random.int(4) }, () => valueFor(random, items ?? {}, depth - 1));
    case 'string':
      return random.pick(['a', 'b', 'aaa', '2020-01-01T00:00:00Z', '1.2.3.4']);
    case 'boolean':
      return random.chance(0.5);
    case 'integer':
      return random.int(9);
    default:
      return 1.5;
  }
}

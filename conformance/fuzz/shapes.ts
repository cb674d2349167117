import type { Random } from './random.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What random values look like: few names and few values, so that managers meet. */
export type Shape =
  | { readonly kind: 'leaf'; readonly values: readonly unknown[] }
  | { readonly kind: 'sound'; readonly shape: Shape }
  | { readonly kind: 'object'; readonly required: readonly string[]; readonly fields: Readonly<Record<string, Shape>> }
  | { readonly kind: 'map'; readonly keys: readonly string[]; readonly value: Shape }
  | {
      readonly kind: 'list';
      readonly item: Shape;
      readonly least: number;
      readonly most: number;
      readonly keys: readonly string[];
    };

export const leaf = (...values: readonly unknown[]): Shape => ({ kind: 'leaf', values });
export const object = (fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape => ({
  kind: 'object',
  required,
  fields,
});
export const map = (keys: readonly string[], value: Shape): Shape => ({ kind: 'map', keys, value });
/** Never of a wrong type. */
export const sound = (shape: Shape): Shape => ({ kind: 'sound', shape });
/** Items that agree in `keys` are seldom made; without keys, equal items. */
export const list = (item: Shape, keys: readonly string[] = [], most = 3, least = 0): Shape => ({
  kind: 'list',
  item,
  least,
  most,
  keys,
});

const wrong: readonly unknown[] = ['text', 7, true, null, {}, [], { a: 1 }, ['x'], -1, 2.5, ''];

export function generate(random: Random, shape: Shape, isSound = false): unknown {
  if (!isSound && random.chance(0.004)) return random.pick(wrong);
  switch (shape.kind) {
    case 'sound':
      return generate(random, shape.shape, true);
    case 'leaf':
      return random.pick(shape.values);
    case 'object': {
      const entries: [string, unknown][] = [];
      for (const [name, field] of Object.entries(shape.fields)) {
        const isThere = shape.required.includes(name) ? !random.chance(0.01) : random.chance(0.4);
        if (isThere) entries.push([name, generate(random, field, isSound)]);
      }
      if (!isSound && random.chance(0.004)) entries.push(['unheardOf', 1]);
      return Object.fromEntries(entries);
    }
    case 'map':
      return Object.fromEntries(
        shape.keys.filter(() => random.chance(0.4)).map((key) => [key, generate(random, shape.value, isSound)]),
      );
    case 'list': {
      const items: unknown[] = [];
      for (let left = shape.least + random.int(shape.most + 1 - shape.least); left > 0; left -= 1) {
        const item = generate(random, shape.item, isSound);
        if (!items.some((other) => isSame(shape, other, item)) || random.chance(0.01)) items.push(item);
      }
      return items;
    }
  }
}

function isSame({ keys }: Extract<Shape, { kind: 'list' }>, a: unknown, b: unknown): boolean {
  const identity = (item: unknown): string =>
    JSON.stringify(keys.length === 0 ? item : keys.map((key) => (item as Json | null)?.[key]));
  return identity(a) === identity(b);
}

export interface Mutation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: readonly string[];
  readonly value?: unknown;
}

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One small change of a value that has about this shape. */
export function mutation(
  random: Random,
  shape: Shape,
  value: unknown,
  path: readonly string[] = [],
  isSound = false,
): Mutation {
  if (shape.kind === 'sound') return mutation(random, shape.shape, value, path, true);
  const replaced = (): Mutation => ({ op: 'replace', path, value: generate(random, shape, isSound) });
  if (shape.kind === 'list' && Array.isArray(value)) {
    if (value.length === 0 || random.chance(0.4))
      return { op: 'add', path: [...path, '-'], value: generate(random, shape.item, isSound) };
    const at = random.int(value.length);
    if (value.length > shape.least && random.chance(0.3)) return { op: 'remove', path: [...path, String(at)] };
    return mutation(random, shape.item, value[at], [...path, String(at)], isSound);
  }
  if ((shape.kind !== 'object' && shape.kind !== 'map') || !isRecord(value)) return replaced();
  const names = shape.kind === 'map' ? shape.keys : Object.keys(shape.fields);
  if (names.length === 0) return replaced();
  const name = random.pick(names);
  const inner = shape.kind === 'map' ? shape.value : (shape.fields[name] as Shape);
  const next = [...path, name];
  if (!(name in value)) return { op: 'add', path: next, value: generate(random, inner, isSound) };
  if (random.chance(0.2)) return { op: 'remove', path: next };
  return mutation(random, inner, value[name], next, isSound);
}

/** The value after the change; parts that do not change are shared. */
export function changed(value: unknown, { op, path, value: given }: Mutation): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return given;
  if (Array.isArray(value)) {
    const items = [...value];
    if (step === '-') items.push(given);
    else if (rest.length === 0 && op === 'remove') items.splice(Number(step), 1);
    else items[Number(step)] = changed(items[Number(step)], { op, path: rest, value: given });
    return items;
  }
  const { [step]: member, ...others } = isRecord(value) ? value : {};
  if (rest.length === 0 && op === 'remove') return others;
  return { ...others, [step]: changed(member, { op, path: rest, value: given }) };
}

/** The change as a merge patch: lists as a whole, null for what goes. */
export function mergePatch(value: unknown, { op, path, value: given }: Mutation): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return given;
  if (Array.isArray(value)) return changed(value, { op, path, value: given });
  if (rest.length === 0 && op === 'remove') return { [step]: null };
  return { [step]: mergePatch(isRecord(value) ? value[step] : undefined, { op, path: rest, value: given }) };
}

import type { Random } from './random.ts';

const literals = [
  '1',
  '-7',
  '0',
  '2.5',
  '1u',
  '"a"',
  "'b'",
  'true',
  'false',
  'null',
  '[]',
  '{}',
  '[1, 2]',
  '{"a": 1}',
  'b"x"',
  '9223372036854775807',
];
const names = [
  'self',
  'oldSelf',
  'self.a',
  'self.b',
  'self.list',
  'self.map',
  'self.metadata.name',
  'x',
  'self.missing',
];
const binary = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in'];
const macros = ['all', 'exists', 'exists_one', 'map', 'filter'];
const methods = [
  'size()',
  'startsWith("a")',
  'matches("^(a+)+$")',
  'contains("b")',
  'split(",")',
  'lowerAscii()',
  'find("[0-9]+")',
  'isSorted()',
  'sum()',
  'indexOf(1)',
  'charAt(0)',
  'format(["x"])',
  'orValue(1)',
  'getFullYear()',
  'toString()',
];
const calls = [
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'bool',
  'duration',
  'timestamp',
  'type',
  'size',
  'dyn',
  'quantity',
  'ip',
  'cidr',
  'url',
  'isQuantity',
  'semver',
  'format.named',
];

/** Mostly well formed, seldom meaningful. */
export function randomExpression(random: Random, depth = 4): string {
  const below = (): string => randomExpression(random, depth - 1);
  if (depth === 0 || random.chance(0.15)) return random.pick(random.chance(0.5) ? literals : names);
  switch (random.int(12)) {
    case 0:
    case 1:
    case 2:
      return `${below()} ${random.pick(binary)} ${below()}`;
    case 3:
      return `(${below()})`;
    case 4:
      return `${random.pick(['!', '-', '!!'])}(${below()})`;
    case 5:
      return `(${below()}).${random.pick(macros)}(x, ${below()})`;
    case 6:
      return `(${below()}).${random.pick(methods)}`;
    case 7:
      return `${random.pick(calls)}(${below()})`;
    case 8:
      return `${below()} ? ${below()} : ${below()}`;
    case 9:
      return `has(${random.pick(names)}.a)`;
    case 10:
      return `[${below()}, ${below()}][${below()}]`;
    default:
      return `{${below()}: ${below()}}`;
  }
}

/** The same with some of its text lost, doubled or exchanged. */
export function brokenExpression(random: Random): string {
  const text = randomExpression(random);
  const at = random.int(text.length + 1);
  switch (random.int(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return (
        text.slice(0, at) + random.pick(['(', ')', '"', '`', '\\', '\u0000', '€', '?', '.', '[', '{']) + text.slice(at)
      );
    case 2:
      return `${text} && `.repeat(1 + random.int(60)) + text;
    default:
      return '('.repeat(random.int(400)) + text + ')'.repeat(random.int(400));
  }
}

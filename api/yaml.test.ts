import t from 'tap';
import { JsonNumber } from './json.ts';
import { parseYaml, YamlError } from './yaml.ts';

const value = (text: string) => parseYaml(text).value;

await t.test('plain scalars mean what YAML 1.1 and Go make of them', async (t) => {
  t.strictSame(value('[yes, Off, ~, null, "yes", 010, 0x10, 0b11, 1_0, 1:30, 2020-01-01, -1, +2, 1e3, 08]'), [
    true,
    false,
    null,
    null,
    'yes',
    8,
    16,
    3,
    10,
    '1:30',
    '2020-01-01',
    -1,
    2,
    1000,
    8,
  ]);
  t.strictSame(value('[1.5, 1.0, 18446744073709551615]'), [
    new JsonNumber('1.5'),
    1,
    new JsonNumber('18446744073709551615'),
  ]);
  t.strictSame(value('[!!str 1, !!float 1, !!binary aGk=, !custom 1]'), ['1', 1, 'hi', '1']);
});

await t.test('keys become text and are sorted', async (t) => {
  t.strictSame(Object.entries(value('{b: 1, true: 2, 1.5: 3, 0x10: 4, a: 5}') as object), [
    ['16', 4],
    ['1.5', 3],
    ['a', 5],
    ['b', 1],
    ['true', 2],
  ]);
});

await t.test('blocks, anchors and merges are read', async (t) => {
  t.strictSame(value('a: |\n  x\n  y\nb: >-\n  x\n  y\n'), { a: 'x\ny\n', b: 'x y' });
  t.strictSame(value('x: &x {a: 1, b: 2}\nw: {<<: *x, b: 3}\nz: {<<: [{a: 5}, *x]}'), {
    x: { a: 1, b: 2 },
    w: { a: 1, b: 3 },
    z: { a: 5, b: 2 },
  });
});

await t.test('only the first document counts, and none at all is null', async (t) => {
  t.strictSame(value('a: b\n---\nc: d'), { a: 'b' });
  t.equal(value(''), null);
  t.equal(value('# nothing'), null);
});

await t.test('repeated keys are told with the line of the value, and the last one wins', async (t) => {
  const parsed = parseYaml('a: 1\nb:\n  c: 1\n  c: 2\na:\n  d: 1\n1: x\n1: z');
  t.strictSame(parsed.duplicates, [
    'line 4: key "c" already set in map',
    'line 6: key "a" already set in map',
    'line 8: key 1 already set in map',
  ]);
  t.strictSame(parsed.value, { 1: 'z', a: { d: 1 }, b: { c: 2 } });
});

await t.test('mistakes are told in the words of Go', async (t) => {
  const mistakes: Record<string, string> = {
    'a: {b: c': "yaml: line 1: did not find expected ',' or '}'",
    'a: b: c': 'yaml: mapping values are not allowed in this context',
    '\ta: b': 'yaml: found character that cannot start any token',
    'a: *x': "yaml: unknown anchor 'x' referenced",
    'a: &a [*a]': "yaml: anchor 'a' value contains itself",
    'a: .inf': 'json: unsupported value: +Inf',
    'a: !!int "b"': 'yaml: cannot decode !!str `b` as a !!int',
    '<<: 1': 'yaml: map merge requires map or sequence of maps as the value',
    '? [a]\n: b': 'yaml: invalid map key: []interface {}{"a"}',
  };
  for (const [text, message] of Object.entries(mistakes)) t.throws(() => parseYaml(text), new YamlError(message), text);
});

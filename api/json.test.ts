import t from 'tap';
import { JsonNumber, JsonSyntaxError, parseJson, parseJsonForDecoding } from './json.ts';

await t.test('ordinary JSON is what JSON.parse makes of it', async (t) => {
  for (const text of ['{}', '[1,-2,{"a":"b:c","\\"":[true,false,null]}]', '"x"', '0', ' {"a":{"b":{}}} ', '-0']) {
    t.strictSame(parseJson(text).value, JSON.parse(text));
  }
});

await t.test('a number whose spelling matters keeps it for typed decoding', async (t) => {
  const { value } = parseJsonForDecoding('{"a":1.0,"b":1e2,"c":12345678901234567890,"d":15}') as {
    value: Record<string, unknown>;
  };
  t.strictSame(value['a'], new JsonNumber('1.0'));
  t.strictSame(value['b'], new JsonNumber('1e2'));
  t.strictSame(value['c'], new JsonNumber('12345678901234567890'));
  t.equal(value['d'], 15);
});

await t.test('plain parsing keeps integers exact to 64 bits and makes doubles of the rest', async (t) => {
  t.strictSame(parseJson('[1.0,1e3,9007199254740993,-9223372036854775808,9223372036854775808,0.5]').value, [
    1,
    1000,
    9007199254740993n,
    -9223372036854775808n,
    2 ** 63,
    0.5,
  ]);
});

await t.test('numbers inside of strings do not matter', async (t) => {
  t.equal(parseJsonForDecoding('{"a":"1.5 \\" 2.5","b":3}').repeated.size, 0);
  t.strictSame(parseJsonForDecoding('{"a":"1.5"}').value, { a: '1.5' });
});

await t.test('repeated keys are told with their paths, and the last one wins', async (t) => {
  const text = '{"a":1,"b":[{"c":1,"c":2,"c":3}],"a":{"d":{"e":1,"e":1}}}';
  const { value, duplicates } = parseJson(text);
  t.strictSame(duplicates, ['b[0].c', 'a', 'a.d.e']);
  t.strictSame(value, { a: { d: { e: 1 } }, b: [{ c: 3 }] });
});

await t.test('a key named __proto__ is a key', async (t) => {
  for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":1.5,"b":1,"b":1}']) {
    const value = parseJson(text).value as object;
    t.ok(Object.hasOwn(value, '__proto__'));
    t.equal(Object.getPrototypeOf(value), Object.prototype);
  }
});

await t.test('mistakes are told in the words of Go', async (t) => {
  const mistakes: Record<string, string> = {
    '': 'unexpected end of JSON input',
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 2}': "invalid character '2' after object key:value pair",
    '[1 2]': "invalid character '2' after array element",
    '{} x': "invalid character 'x' after top-level value",
    tru: "invalid character ' ' in literal true (expecting 'e')",
    '01': "invalid character '1' after top-level value",
    '-': "invalid character ' ' in numeric literal",
    '1.': "invalid character ' ' after decimal point in numeric literal",
    '1e+': "invalid character ' ' in exponent of numeric literal",
    '"\n"': "invalid character '\\n' in string literal",
    '"\\': "invalid character ' ' in string escape code",
    '"\\u1"': "invalid character '\"' in \\u hexadecimal character escape",
    é: "invalid character 'Ã' looking for beginning of value",
    '\u0000': "invalid character '\\x00' looking for beginning of value",
  };
  for (const [text, message] of Object.entries(mistakes)) {
    t.throws(() => parseJson(text), new JsonSyntaxError(message), JSON.stringify(text));
  }
});

await t.test('nesting ends at 10000', async (t) => {
  t.doesNotThrow(() => parseJsonForDecoding('['.repeat(1000) + ']'.repeat(1000)));
  t.throws(() => parseJson('['.repeat(10_001)), { message: "invalid character '[' exceeded max depth" });
});

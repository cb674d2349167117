import t from 'tap';
import { FieldPath, fieldErrorMessage, invalid } from './field-error.ts';
import { goJson, goQuote, goValue } from './go-text.ts';

await t.test('texts are quoted as in the messages of a real API server', async (t) => {
  t.equal(
    goQuote('x\u0007\u0001\u007f\u2028\u200b<>&é😀\t\v\\"\u00a0'),
    '"x\\a\\x01\\x7f\\u2028\\u200b<>&é😀\\t\\v\\\\\\"\\u00a0"',
  );
  t.equal(goQuote('plain text'), '"plain text"');
  t.equal(goQuote('\u{e0001}'), '"\\U000e0001"');
  const error = invalid(FieldPath.of('metadata', 'name'), '<>&\u2028\u0007\u007fé', 'no');
  t.equal(fieldErrorMessage(error), 'metadata.name: Invalid value: "<>&\\u2028\\a\\x7fé": no');
});

await t.test('values are printed as JSON that no browser takes for markup', async (t) => {
  t.equal(goJson(['a.b/<>&\u2028\u0007é']), '["a.b/\\u003c\\u003e\\u0026\\u2028\\u0007é"]');
  t.equal(goJson(undefined), 'null');
});

await t.test('decoded values are printed with sorted members', async (t) => {
  t.equal(goValue({ b: [1, 'x', true, null], a: { c: 1.5 } }), 'map[a:map[c:1.5] b:[1 x true <nil>]]');
  t.equal(goValue({}), 'map[]');
});

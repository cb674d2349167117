import t from 'tap';
import { canonicalQuantity, compareQuantity, isQuantity, parseQuantity, Quantity } from './quantity.ts';

const format = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffix = "unable to parse quantity's suffix";

await t.test('texts become what a real API server stores', async (t) => {
  for (const [text, canonical] of [
    ['0', '0'],
    ['-0', '0'],
    ['0m', '0'],
    ['0Ki', '0'],
    ['0e5', '0'],
    ['.', '0'],
    ['m', '0'],
    ['+', '0'],
    ['e3', '0'],
    ['1.', '1.'],
    ['+5', '+5'],
    ['005', '005'],
    ['1.234', '1.234'],
    ['1.500', '1.500'],
    ['1.000', '1'],
    ['.5', '500m'],
    ['0.5', '500m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1500000m', '1500'],
    ['100000', '100k'],
    ['1010', '1010'],
    ['+1000', '1k'],
    ['7000', '7k'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['1e+3', '1e+3'],
    ['1e0', '1e0'],
    ['1e4', '10e3'],
    ['1000e3', '1e6'],
    ['12e1', '120'],
    ['1e1000', '10e999'],
    ['1e-3', '1e-3'],
    ['1e2', '100'],
    ['5E', '5E'],
    ['1000E', '1'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['2.5Ki', '2560'],
    ['1024Mi', '1Gi'],
    ['1048576Ki', '1Gi'],
    ['128Mi', '128Mi'],
    ['2000Mi', '2000Mi'],
    ['0100Mi', '0100Mi'],
    ['512Ki', '512Ki'],
    ['999999999Gi', '999999999Gi'],
    ['1Ei', '1Ei'],
    ['3072Ei', '9223372036854775807'],
    ['9999999999Pi', '9223372036854775807'],
    ['-5Mi', '-5Mi'],
    ['12345678901234567890123', '12345678901234567890123'],
    ['123456789012345678901000', '123456789012345678901k'],
    ['1000000.5', '1000000500m'],
    ['0.0001n', '1n'],
    ['1.0000000001', '1000000001n'],
    ['1.024Ki', '1048576m'],
  ] as const) {
    t.equal(canonicalQuantity(text), canonical, text);
    t.equal(parseQuantity(text).toString(), canonical, text);
  }
});

await t.test('texts that do not parse say why', async (t) => {
  for (const [text, message] of [
    ['', format],
    ['1.1.1', format],
    ['0x1', format],
    [' 5', format],
    ['1 Gi', format],
    ['1mi', suffix],
    ['1e', suffix],
    ['1Ee', suffix],
    ['1+1', suffix],
    ['5e99999999999999999999', suffix],
  ] as const) {
    t.throws(() => parseQuantity(text), { name: 'QuantityError', message }, text);
    t.equal(isQuantity(text), false);
  }
});

await t.test('quantities compare, add and subtract exactly, whatever their scale', async (t) => {
  t.equal(compareQuantity('1', '1000m'), 0);
  t.equal(compareQuantity('1Gi', '1G'), 1);
  t.equal(compareQuantity('-1', '1e1000000000'), -1);
  t.equal(compareQuantity('1e1000000000', '2e1000000000'), -1);
  t.equal(compareQuantity('1e-1000000000', '1n'), 0);
  t.equal(parseQuantity('0.1').add(parseQuantity('0.2')).toString(), '300m');
  t.equal(parseQuantity('1Gi').add(parseQuantity('512Mi')).toString(), '1536Mi');
  t.equal(parseQuantity('1Gi').sub(parseQuantity('1Gi')).toString(), '0');
  t.equal(parseQuantity('0').add(parseQuantity('2Ki')).toString(), '2Ki');
  t.equal(parseQuantity('100m').mul(30).toString(), '3');
  t.equal(parseQuantity('9223372036854775807').add(parseQuantity('1')).toString(), '9223372036854775808');
  t.equal(parseQuantity('1500u').roundUp(-3).toString(), '2m');
  t.equal(parseQuantity('-1500u').roundUp(-3).toString(), '-2m');
});

await t.test('values are rounded up to whole units', async (t) => {
  t.equal(parseQuantity('1500m').value(), 2n);
  t.equal(parseQuantity('-1500m').value(), -2n);
  t.equal(parseQuantity('100u').milliValue(), 1n);
  t.equal(parseQuantity('1.5Gi').value(), 1610612736n);
  t.equal(parseQuantity('1Ki').milliValue(), 1024000n);
  t.equal(parseQuantity('250m').toNumber(), 0.25);
  t.equal(Quantity.of(1500, 'DecimalSI', -3).toString(), '1500m');
  t.equal(parseQuantity('-3').sign(), -1);
});

import { test } from 'tap';
import { parseJsonPath } from './json-path.ts';

const data = {
  metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'x' } },
  spec: { list: [{ n: 1, s: 'one' }, { n: 2, s: 'two' }, { s: 'none' }], empty: null, text: 'ab' },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};
const find = (path: string): unknown[] => parseJsonPath(path)(data);

test('paths lead to members, elements and all that a filter keeps', async (t) => {
  t.same(find('.metadata.name'), ['a']);
  t.same(find('.metadata.missing.deep'), []);
  t.same(find('.metadata.labels.app\\.kubernetes\\.io/name'), ['x']);
  t.same(find(".metadata['name']"), ['a']);
  t.same(find('.spec.list[0].s'), ['one']);
  t.same(find('.spec.list[-1].s'), ['none']);
  t.same(find('.spec.list[0:2].n'), [1, 2]);
  t.same(find('.spec.list[*].s'), ['one', 'two', 'none']);
  t.same(find('.spec.list[0,2].s'), ['one', 'none']);
  t.same(find('.status.conditions[?(@.type=="Ready")].status'), ['True']);
  t.same(find(".status.conditions[?(@.type == 'Ready')].status"), ['True']);
  t.same(find('.spec.list[?(@.n)].s'), ['one', 'two']);
  t.same(find('.spec.list[?(@.n>1)].s'), ['two']);
  t.same(find('.spec..s'), ['one', 'two', 'none']);
  t.same(find('.spec.empty'), [null]);
});

test('what does not fit is an error', async (t) => {
  t.throws(() => find('.spec.list[7].s'), /out of bounds/);
  t.throws(() => find('.metadata[0]'), /not array/);
  t.throws(() => find('.spec.text[?(@.n)]'), /cannot be filtered/);
  t.throws(() => parseJsonPath('.spec.list[x'), /unterminated array/);
  t.throws(() => parseJsonPath('.spec.list[?(@.a]'), /unterminated filter/);
});

import t from 'tap';
import { createCoverage } from '../coverage/coverage.ts';
import { type Operation, operationFinder } from '../coverage/operations.ts';
import { junitReport } from '../report/junit.ts';
import { tapLine } from '../report/tap.ts';
import type { CaseResult } from './case.ts';
import { compareValues } from './differences.ts';
import { gapsOf, unknownGaps } from './gaps.ts';
import { parseOptions } from './options.ts';

function operation(method: string, template: string): Operation {
  return { method, template, id: template, groupVersion: 'v1', resource: 'pods', parameters: ['limit'] };
}

const operations = [
  operation('GET', '/api/v1/namespaces/{name}'),
  operation('GET', '/api/v1/namespaces/{namespace}/pods'),
  operation('GET', '/api/v1/namespaces/{name}/status'),
  operation('GET', '/api/v1/watch/namespaces/{namespace}/pods'),
  operation('POST', '/api/v1/nodes/{name}/proxy/{path}'),
];

const passed: CaseResult = {
  id: 'api/pods/work',
  area: 'api',
  target: 'memory',
  proves: undefined,
  outcome: 'passed',
  durationMs: 1,
  messages: [],
  gap: undefined,
};
const failed: CaseResult = { ...passed, outcome: 'failed', messages: ['expected <1> & got "2"'] };

t.test('a request belongs to the operation with the most fixed segments', async (t) => {
  const find = operationFinder(operations);
  t.equal(find('GET', '/api/v1/namespaces/a?x=y')?.template, '/api/v1/namespaces/{name}');
  t.equal(find('GET', '/api/v1/namespaces/a/status')?.template, '/api/v1/namespaces/{name}/status');
  t.equal(find('GET', '/api/v1/watch/namespaces/a/pods')?.template, '/api/v1/watch/namespaces/{namespace}/pods');
  t.equal(find('POST', '/api/v1/nodes/n/proxy/a/b/c')?.template, '/api/v1/nodes/{name}/proxy/{path}');
  t.equal(find('PUT', '/api/v1/namespaces/a'), undefined);
});

t.test('an operation is covered once status and body of an answer were asserted', async (t) => {
  const coverage = createCoverage(operations);
  const exchange = {
    method: 'GET',
    path: '/api/v1/namespaces/a/pods?limit=1',
    requestType: '',
    contentType: 'application/json',
  };
  coverage.add([{ ...exchange, status: 200, statusAsserted: true, bodyAsserted: false }]);
  t.match(coverage.summary(new Set(['v1'])), { operations: 5, covered: 0 });
  coverage.add([{ ...exchange, status: 200, statusAsserted: true, bodyAsserted: true }]);
  t.match(coverage.summary(new Set(['v1'])), { covered: 1, servedCovered: 1, parameters: { known: 5, used: 1 } });
  t.match(coverage.summary(new Set()), { covered: 1, servedOperations: 0 });
});

t.test('a gap may stand for one behaviour of every resource', async (t) => {
  const ids = ['api/pods/is applied', 'api/nodes/is applied', 'api/nodes/is read', 'core/pods: a * b'];
  const gaps = { 'api/*/is applied': 'later', 'core/pods: a * b': 'never', 'api/none/x': 'gone' };
  t.same(gapsOf(ids, gaps), {
    'api/pods/is applied': 'later',
    'api/nodes/is applied': 'later',
    'core/pods: a * b': 'never',
  });
  t.same(unknownGaps(ids, gaps), ['api/none/x']);
});

t.test('an unexpected pass is not ok, a known gap is a TODO', async (t) => {
  t.match(tapLine(1, passed), /^ok 1 - api\/pods\/work \(memory\)/);
  t.match(tapLine(2, { ...passed, gap: 'later' }), /^not ok 2 (.|\n)*take it off the list/);
  t.match(tapLine(3, { ...failed, gap: 'later' }), /^not ok 3 - .* # TODO later\n$/);
  t.match(tapLine(4, failed), /^not ok 4 (.|\n)*expected <1>/);
});

t.test('JUnit reports are XML', async (t) => {
  const coverage = createCoverage([]).summary(new Set());
  const base = { started: '', durationMs: 1, targets: ['memory'], coverage, differences: [], unknownGaps: [] };
  const text = junitReport({ ...base, results: [passed, failed] });
  t.match(text, 'tests="2" failures="1" skipped="0"');
  t.match(text, 'expected &lt;1&gt; &amp; got &quot;2&quot;');
});

t.test('values are compared field by field', async (t) => {
  t.same(compareValues({ a: [1, { b: 2 }], 'x/y': 1 }, { 'x/y': 2, a: [1, { b: 3 }] }), [
    { path: 'a[1].b', ours: 2, theirs: 3 },
    { path: '["x/y"]', ours: 1, theirs: 2 },
  ]);
});

t.test('known gaps count for our own server alone', async (t) => {
  t.match(parseOptions([]).gaps, /known-gaps\.json$/);
  t.equal(parseOptions(['--server', 'https://127.0.0.1:1']).gaps, undefined);
  t.throws(() => parseOptions(['--storage', 'paper']), { name: 'UsageError' });
});

import { test } from 'tap';
import { sumOf } from './display.ts';
import { parseJunit } from './junit.ts';
import { dealt } from './parts.ts';
import { advance, atStart, durationText, type Finished, progressText } from './progress.ts';
import { isSuccess, resultsText } from './results.ts';
import { focusOf, parseTiers, readTiers, type SuiteTest, selectTests } from './suite.ts';

const everything = { tiers: [], focus: undefined, skip: undefined, names: undefined };
const testOf = (name: string, tier = 'T1', sig = 'sig-apps'): SuiteTest => ({ tier, name, sig });

test('the tiers hold every conformance test once', async (t) => {
  const all = readTiers();
  t.equal(all.length, 446);
  t.equal(new Set(all.map(({ name }) => name)).size, 446);
  t.ok(all.every(({ name, sig, tier }) => name.includes('[Conformance]') && sig !== 'no sig' && /^T[1-5]$/.test(tier)));
});

test('names with commas and quotes are read from CSV', async (t) => {
  t.same(parseTiers('tier,codename\nT3,"[sig-node] a, ""b"" [Conformance]"\nT1,[sig-cli] c [Conformance]\n'), [
    { tier: 'T3', name: '[sig-node] a, "b" [Conformance]', sig: 'sig-node' },
    { tier: 'T1', name: '[sig-cli] c [Conformance]', sig: 'sig-cli' },
  ]);
});

test('tiers, focus, skip and names narrow the selection', async (t) => {
  const tests = [testOf('a [Slow]'), testOf('b'), testOf('c', 'T2')];
  const namesOf = (selection: object) => selectTests(tests, { ...everything, ...selection }).map(({ name }) => name);
  t.same(namesOf({}), ['a [Slow]', 'b', 'c']);
  t.same(namesOf({ tiers: ['T1'], skip: '\\[Slow\\]' }), ['b']);
  t.same(namesOf({ tiers: ['T1', 'T2'], focus: '^[bc]$' }), ['b', 'c']);
  t.same(namesOf({ names: new Set(['c']) }), ['c']);
  t.throws(() => namesOf({ tiers: ['T9'] }), /no tier T9: there are T1, T2/);
});

test('the whole suite is focused as the conformance programme does, a part by its names to the letter', async (t) => {
  const all = readTiers();
  t.equal(focusOf(all, all), '\\[Conformance\\]');
  for (const part of [all.filter(({ tier }) => tier === 'T1'), all.slice(1, 2)]) {
    const focus = new RegExp(focusOf(part, all));
    const hit = all.filter(({ name }) => focus.test(`Kubernetes e2e suite ${name}`));
    t.same(hit, part, 'a name that begins like another one does not take that along');
  }
});

const xml = `<testsuites tests="6"><testsuite name="s">
  <testcase name="[SynchronizedBeforeSuite]" classname="s" status="passed" time="0.1"></testcase>
  <testcase name="[It] [sig-apps] A &#34;works&#34; [Conformance]" classname="s" status="passed" time="1.5"></testcase>
  <testcase name="[It] [sig-node] B &amp; C [Conformance]" classname="s" status="failed" time="2">
    <failure message="" type="failed">[FAILED] wanted &lt;1&gt;&#xA;got 2&#xA;</failure>
    <system-err>&gt; Enter</system-err>
  </testcase>
  <testcase name="[It] not selected" classname="s" status="skipped" time="0"><skipped message="skipped"></skipped></testcase>
  <testcase name="[It] [sig-apps] D" classname="s" status="skipped" time="0"><skipped message="skipped - no nodes"></skipped></testcase>
  <testcase name="[It] [sig-apps] E" classname="s" status="panicked" time="0"><error message="nil" type="panicked">boom</error></testcase>
</testsuite></testsuites>`;

test('a report gives the tests that ran', async (t) => {
  t.same(parseJunit(xml), [
    { name: '[sig-apps] A "works" [Conformance]', outcome: 'passed', seconds: 1.5, message: '' },
    { name: '[sig-node] B & C [Conformance]', outcome: 'failed', seconds: 2, message: '[FAILED] wanted <1>\ngot 2' },
    { name: '[sig-apps] D', outcome: 'skipped', seconds: 0, message: '' },
    { name: '[sig-apps] E', outcome: 'failed', seconds: 0, message: 'boom' },
  ]);
});

const log = `Will run 4 of 7579 specs
[SynchronizedBeforeSuite] PASSED [0.009 seconds]
------------------------------
[sig-network] IngressClass API should work [Conformance] [sig-network, Conformance]
/src/test/e2e/network/ingressclass.go:270
  STEP: Creating a kubernetes client @ 11/21/26 10:17:52.946
• [0.061 seconds]
------------------------------
[sig-apps] ReplicaSet should list [Conformance] [sig-apps, Conformance]
• [FAILED] [120.247 seconds]
[sig-apps] ReplicaSet [It] should list [Conformance] [sig-apps, Conformance]
------------------------------
[sig-node] Sysctls [LinuxOnly] should skip itself [Conformance] [sig-node, Conformance]
S [SKIPPED] [0.003 seconds]
------------------------------
[SynchronizedAfterSuite] PASSED [0.000 seconds]`;

test('progress is read off the log', async (t) => {
  let progress = atStart;
  const finished: Finished[] = [];
  for (const line of log.split('\n')) {
    const step = advance(progress, line);
    progress = step.progress;
    if (step.finished !== undefined) finished.push(step.finished);
  }
  t.match(progress, { total: 4, passed: 1, failed: 1, skipped: 1 });
  t.same(finished, [
    { name: '[sig-network] IngressClass API should work [Conformance]', outcome: 'passed', seconds: 0.061 },
    { name: '[sig-apps] ReplicaSet should list [Conformance]', outcome: 'failed', seconds: 120.247 },
    { name: '[sig-node] Sysctls [LinuxOnly] should skip itself [Conformance]', outcome: 'skipped', seconds: 0.003 },
  ]);
  t.equal(progressText(progress, 90), '3/4 done, 1 passed, 1 failed, 1 skipped, 1m30s elapsed, about 30s left');
});

test('progress says nothing that it does not know', async (t) => {
  t.equal(progressText(atStart, 5), '0/? done, 0 passed, 0 failed, 5s elapsed');
  t.same([0.4, 59.6, 3600, 3725].map(durationText), ['0s', '1m00s', '1h00m', '1h02m']);
});

test('results are a table by tier and sig, then the failures and what did not run', async (t) => {
  const all = [
    testOf('[sig-apps] A "works" [Conformance]'),
    testOf('[sig-node] B & C [Conformance]', 'T2'),
    testOf('[sig-apps] D', 'T2'),
    testOf('[sig-apps] E', 'T2'),
    testOf('[sig-cli] F', 'T2'),
  ];
  const results = parseJunit(xml);
  t.equal(
    resultsText(results, all, all),
    `| tier | sig | passed | failed | skipped | time |
| --- | --- | ---: | ---: | ---: | ---: |
| T1 | sig-apps | 1 | 0 | 0 | 2s |
| **T1** |  | 1 | 0 | 0 | 2s |
| T2 | sig-apps | 0 | 1 | 1 | 0s |
| T2 | sig-node | 0 | 1 | 0 | 2s |
| **T2** |  | 0 | 2 | 1 | 2s |
| **all** |  | 1 | 2 | 1 | 4s |

Failed:

- [sig-node] B & C [Conformance]
  wanted <1> got 2
- [sig-apps] E
  boom

Did not run:

- [sig-cli] F
`,
  );
});

test('only a whole run without failures is a success', async (t) => {
  const results = parseJunit(xml);
  const passed = results.filter(({ outcome }) => outcome === 'passed');
  const selected = passed.map(({ name }) => testOf(name));
  t.equal(isSuccess(passed, selected), true);
  t.equal(isSuccess(results, selected), false, 'a failure');
  t.equal(isSuccess(passed, [...selected, testOf('another')]), false, 'one did not run');
  t.equal(isSuccess([], []), false, 'nothing ran');
});

test('tests are dealt to several processes, what is serial runs alone', async (t) => {
  const tests = ['a', 'b [Serial] x', 'c', 'd', 'e [Disruptive]'].map((name) => testOf(name));
  const { parallel, serial } = dealt(tests, 2);
  t.strictSame(
    parallel.map((hand) => hand.map(({ name }) => name)),
    [['a', 'd'], ['c']],
  );
  t.strictSame(
    serial.map(({ name }) => name),
    ['b [Serial] x', 'e [Disruptive]'],
  );
  t.strictSame(dealt(tests.slice(1, 2), 4).parallel, []);
});

test('the progress of several processes is their sum', async (t) => {
  const part = { total: 3, passed: 1, failed: 1, skipped: 0, current: 'x' };
  t.strictSame(sumOf([part, { ...part, current: undefined }, atStart]), {
    total: 6,
    passed: 2,
    failed: 2,
    skipped: 0,
    current: 'x',
  });
});

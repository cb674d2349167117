import { test } from 'tap';
import { compileGoRegexp, goRegexpError } from './go-regexp.ts';

/** Pattern, texts that match, texts that do not: as Go 1.26 answers. */
const matching: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['^[a-z]+$', ['abc'], ['', 'ABC', 'abc\n']],
  ['(?i)^abc', ['ABCd'], ['xabc']],
  ['(?m)^b$', ['a\nb\nc'], ['ab']],
  ['a.b', ['axb'], ['a\nb']],
  ['(?s)a.b', ['a\nb'], ['ab']],
  ['[[:alpha:]][^[:digit:]]\\z', ['ax', 'z_'], ['a1', '1a']],
  ['^\\pL\\p{^Greek}$', ['ab', 'éx'], ['aα', '1b']],
  ['\\Qa.b\\E', ['a.b'], ['axb']],
  ['^(?P<name>a|b){2}$', ['ab'], ['a', 'abc']],
  ['^\\w+\\W\\s$', ['a1_- '], ['é- ']],
  ['^{1,2$', ['{1,2'], ['1']],
  ['^[]a]+$', [']a'], ['b']],
  ['\\x{1F600}|\\x41|\\101', ['😀', 'A'], ['B']],
  ['^*a(|b)*', ['a'], ['b']],
];

/** Patterns and what Go says of them. */
const refused: readonly (readonly [string, string])[] = [
  ['(a', 'missing closing ): `(a`'],
  ['a)', 'unexpected ): `a)`'],
  ['[a', 'missing closing ]: `[a`'],
  ['*', 'missing argument to repetition operator: `*`'],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['a{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['(?:a{500}){3}', 'invalid repeat count: `{3}`'],
  ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?<=a)b', 'invalid named capture: `(?<=a)b`'],
  ['(?P<n-m>a)', 'invalid named capture: `(?P<n-m>`'],
  ['a\\', 'trailing backslash at end of expression: ``'],
  ['\\1', 'invalid escape sequence: `\\1`'],
  ['\\x{110000}', 'invalid escape sequence: `\\x{110000`'],
  ['[z-a]', 'invalid character class range: `z-a`'],
  ['\\p{Foo}', 'invalid character class range: `\\p{Foo}`'],
  ['[[:foo:]]', 'invalid character class range: `[:foo:]`'],
];

test("patterns of Go's syntax match what they match in Go", async (t) => {
  for (const [pattern, good, bad] of matching) {
    const compiled = compileGoRegexp(pattern);
    if ('error' in compiled) {
      t.fail(`${pattern}: ${compiled.error}`);
      continue;
    }
    for (const text of good) t.ok(compiled.regexp.test(text), `${pattern} matches ${JSON.stringify(text)}`);
    for (const text of bad) t.notOk(compiled.regexp.test(text), `${pattern} does not match ${JSON.stringify(text)}`);
  }
});

test('patterns that Go refuses are refused in its words', async (t) => {
  for (const [pattern, why] of refused) t.equal(goRegexpError(pattern), `error parsing regexp: ${why}`, pattern);
});

import t from 'tap';
import { labelSelectorMatcher, parseFieldSelector, parseLabelSelector } from './selectors.ts';

/** Selectors with the answer of a real API server; null: accepted. */
const labelAnswers: readonly (readonly [string, string | null])[] = [
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  ['a=', null],
  ['a=b,', "found '', expected: identifier after ','"],
  ['a=b,,c', "found ',', expected: identifier after ','"],
  ['a in', "unable to parse requirement: found '' expected: '('"],
  ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a in (b,c) d', "found 'd', expected: ',' or 'end of string'"],
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a notin ()', null],
  ['a in (,)', null],
  ['a in (b,,c)', null],
  ['=', "found '=', expected: !, identifier, or 'end of string'"],
  ['==', "found '==', expected: !, identifier, or 'end of string'"],
  ['a==b=c', "found '=', expected: ',' or 'end of string'"],
  ['a!b', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
  ['a!=b', null],
  ['!a=b', "found '=', expected: ',' or 'end of string'"],
  ['!a', null],
  ['a>1', null],
  [
    'a>x',
    "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  [
    'a<-1',
    "unable to parse requirement: values[0][a]: Invalid value: \"-1\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  [
    'a>1.5',
    "unable to parse requirement: values[0]: Invalid value: \"1.5\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  [
    'a/b/c',
    "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
  ],
  [
    'é=1',
    "unable to parse requirement: <nil>: Invalid value: \"é\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  [
    'a=é',
    "unable to parse requirement: values[0][a]: Invalid value: \"é\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  [
    '-a',
    "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  [
    'a=-',
    "unable to parse requirement: values[0][a]: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  [
    'a in (-,b)',
    "unable to parse requirement: values[0][a]: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
  ['a in (in,notin)', null],
  ['in in (in)', null],
  ['in', null],
  ['notin', null],
  ['in=1', null],
  ['a=in', null],
  [', a', "found ',', expected: !, identifier, or 'end of string'"],
  ['(a)', "found '(', expected: !, identifier, or 'end of string'"],
  ['a(b', "unable to parse requirement: found '(', expected: in, notin, =, ==, !=, gt, lt"],
  ['a)b', "unable to parse requirement: found ')', expected: in, notin, =, ==, !=, gt, lt"],
  ['a=(b)', "unable to parse requirement: found '(', expected: identifier"],
  ['a ! b', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
  ['a=>b', "unable to parse requirement: found '>', expected: identifier"],
  ['a<>1', "unable to parse requirement: found '>', expected: identifier"],
  ['a==', null],
  ['a=,b=', null],
  [
    'a=b;c',
    "unable to parse requirement: values[0][a]: Invalid value: \"b;c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  ['a!', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
  ['!!a', "unable to parse requirement: found '!', expected: identifier"],
  ['a,b,!c', null],
  [' a = b , c in ( d , e ) ', null],
  ['a in (b),c notin (d)', null],
  ['a=!', "unable to parse requirement: found '!', expected: identifier"],
  ['a in (=)', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
  ['a in (b=)', "unable to parse requirement: found '=', expected: ',' or ')'"],
  [
    'a>99999999999999999999',
    "unable to parse requirement: values[0]: Invalid value: \"99999999999999999999\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  [
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'unable to parse requirement: <nil>: Invalid value: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": name part must be no more than 63 bytes',
  ],
  [
    'a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'unable to parse requirement: values[0][a]: Invalid value: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": must be no more than 63 bytes',
  ],
  ['a==b,a!=c', null],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a=b c=d', "found 'c', expected: ',' or 'end of string'"],
  ['a===b', "unable to parse requirement: found '=', expected: identifier"],
  [
    'a&b',
    "unable to parse requirement: <nil>: Invalid value: \"a&b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  ['a=b\tc', "found 'c', expected: ',' or 'end of string'"],
  ['a notin (x', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a in [b]', "unable to parse requirement: found '[b]' expected: '('"],
  [
    '"a"=b',
    "unable to parse requirement: <nil>: Invalid value: \"\\\"a\\\"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  [
    'a=*',
    "unable to parse requirement: values[0][a]: Invalid value: \"*\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  ['/a=b', 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty'],
  [
    'a/=b',
    "unable to parse requirement: <nil>: Invalid value: \"a/\": name part must be non-empty; name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  ['a.b/c=d', null],
];

const fieldAnswers: readonly (readonly [string, string | null])[] = [
  ['metadata.name=a', null],
  ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
  ['metadata.name=a,', null],
  ['=', null],
  ['metadata.name=a,,metadata.namespace=b', null],
  ['metadata.name==a', null],
  ['metadata.name!=a', null],
  ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
  ['metadata.name=a\\,b', null],
  ['metadata.name=a\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ['metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
  ['!metadata.name', "invalid selector: '!metadata.name'; can't understand '!metadata.name'"],
  ['metadata.name in (a)', "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'"],
  ['metadata.name=', null],
  [',', null],
  ['metadata.name!a', "invalid selector: 'metadata.name!a'; can't understand 'metadata.name!a'"],
  ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
  ['metadata.name\\=a=b', 'invalid field selector: unescaped character in value: 61'],
  ['metadata.name=a\\=b', null],
  ['metadata.name=a\\\\b', null],
  ['metadata.name>1', "invalid selector: 'metadata.name>1'; can't understand 'metadata.name>1'"],
  ['metadata.name!=a,metadata.name!=b', null],
  ['metadata.name===a', 'invalid field selector: unescaped character in value: 61'],
];

function answer(parse: (text: string) => unknown, text: string): string | null {
  try {
    parse(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

await t.test('label selectors are accepted and refused in the words of a real API server', async (t) => {
  for (const [text, expected] of labelAnswers) t.equal(answer(parseLabelSelector, text), expected, text);
});

await t.test('field selectors are accepted and refused in the words of a real API server', async (t) => {
  for (const [text, expected] of fieldAnswers) t.equal(answer(parseFieldSelector, text), expected, text);
});

await t.test('a label matcher selects by presence, equality, sets and numbers', async (t) => {
  const labels = { app: 'web', tier: '', size: '12' };
  const selected = ['app=web', 'app==web', 'app!=db', 'app in (db,web)', 'app notin (db)', 'tier', 'tier=', '!other'];
  selected.push('other!=x', 'other notin (x)', 'size>11', 'size<13', 'app,size', '', 'tier in ()');
  for (const text of selected) t.equal(parseLabelSelector(text).matches(labels), true, text);
  for (const text of ['app=db', 'app!=web', 'other', '!app', 'other in (x)', 'size>12', 'app>1', 'toString']) {
    t.equal(parseLabelSelector(text).matches(labels), false, text);
  }
  t.equal(parseLabelSelector('!app').matches(undefined), true);
});

await t.test('the text of a label matcher is sorted and parses to itself', async (t) => {
  for (const [text, canonical] of [
    ['b,a=1', 'a=1,b'],
    ['c in (d, b),!a', '!a,c in (b,d)'],
    ['a in (,)', 'a in ()'],
    ['x>1,y<2,z!=3', 'x>1,y<2,z!=3'],
  ] as const) {
    t.equal(parseLabelSelector(text).toString(), canonical);
    t.equal(parseLabelSelector(canonical).toString(), canonical);
  }
});

await t.test('an absent LabelSelector matches nothing and an empty one everything', async (t) => {
  t.equal(labelSelectorMatcher(undefined).matches({}), false);
  t.equal(labelSelectorMatcher({}).matches(undefined), true);
  const matcher = labelSelectorMatcher({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  });
  t.equal(matcher.toString(), 'app=web,!old,tier in (a,b)');
  t.equal(matcher.matches({ app: 'web', tier: 'b' }), true);
  t.equal(matcher.matches({ app: 'web', tier: 'b', old: '' }), false);
  t.throws(() => labelSelectorMatcher({ matchExpressions: [{ key: 'a', operator: 'X' }] }), {
    message: '"X" is not a valid label selector operator',
  });
});

await t.test('a field matcher unescapes values and knows which must be exact', async (t) => {
  const matcher = parseFieldSelector('b!=2,a=x\\,y\\=z\\\\');
  t.equal(matcher.exact('a'), 'x,y=z\\');
  t.equal(matcher.exact('b'), undefined);
  t.equal(matcher.toString(), 'a=x\\,y\\=z\\\\,b!=2');
  t.equal(
    matcher.matches((field) => (field === 'a' ? 'x,y=z\\' : '')),
    true,
  );
  t.equal(
    matcher.matches(() => '2'),
    false,
  );
  t.equal(parseFieldSelector('').isEverything, true);
});

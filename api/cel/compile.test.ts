import { readFileSync } from 'node:fs';
import { test } from 'tap';
import type { JsonSchema } from '../structural/json-schema.ts';
import type { SizeHint } from './cost/call-estimates.ts';
import { createEnvironment, type Environment } from './environment.ts';
import { escapeFieldName, unescapeFieldName } from './field-names.ts';
import { jsonPatchLibrary } from './kubernetes-functions.ts';
import { bindingsLibrary } from './libraries.ts';
import { schemaTypes } from './schema-types.ts';
import { parseType } from './type-notation.ts';
import {
  dynType,
  formatType,
  intType,
  objectType,
  optionalType,
  stringType,
  type Type,
  type TypeProvider,
} from './types.ts';

/** What cel-go, in Kubernetes 1.36's environment, says of expressions: their type and estimated cost, or its issues. */
type Row =
  | {
      readonly environment: string;
      readonly variables?: Readonly<Record<string, string>>;
      readonly libraries?: readonly string[];
      readonly schema?: JsonSchema;
      readonly root?: boolean;
      readonly optionalOldSelf?: boolean;
    }
  | {
      readonly environment?: never;
      readonly in: string;
      readonly expr: string;
      readonly type?: string;
      readonly cost?: readonly [string, string];
      readonly issues?: string;
    };

interface Prepared {
  readonly environment: Environment;
  readonly sizeHint: SizeHint | undefined;
}

function prepare(base: Environment, row: Extract<Row, { environment: string }>): Prepared {
  const variables: Record<string, Type> = {};
  for (const [name, type] of Object.entries(row.variables ?? {})) variables[name] = parseType(type);
  const libraries = row.libraries?.map((name) => (name === 'bindings' ? bindingsLibrary : jsonPatchLibrary)) ?? [];
  const environment = base.extend({ variables, libraries });
  if (row.schema === undefined) return { environment, sizeHint: undefined };
  const types = schemaTypes(row.schema, { name: 'selfType1', isResourceRoot: row.root === true });
  if (types === undefined) throw new Error('the schema has a type');
  const { type, provider, sizeHint } = types;
  const oldSelf = row.optionalOldSelf ? optionalType(type) : type;
  return { environment: environment.extend({ variables: { self: type, oldSelf }, provider }), sizeHint };
}

test('expressions have the types, the costs and the issues that cel-go finds', async (t) => {
  const text = readFileSync(new URL('compile-answers.jsonl', import.meta.url), 'utf8');
  const base = createEnvironment();
  const environments = new Map<string, Prepared>();
  let compared = 0;
  const differing: unknown[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const row = JSON.parse(line) as Row;
    if (row.environment !== undefined) {
      environments.set(row.environment, prepare(base, row));
      continue;
    }
    const prepared = environments.get(row.in);
    if (prepared === undefined) throw new Error(`no environment ${row.in}`);
    const { program, issues } = prepared.environment.compile(row.expr);
    const cost = program?.estimateCost(prepared.sizeHint);
    const found = {
      type: program && formatType(program.outputType),
      cost: cost && [`${cost.min}`, `${cost.max}`],
      issues,
    };
    const { type, cost: wantedCost, issues: wantedIssues } = row;
    const wanted = { type, cost: wantedCost, issues: wantedIssues };
    if (JSON.stringify(found) !== JSON.stringify(wanted)) differing.push({ expr: row.expr, found, wanted });
    compared++;
  }
  t.same(differing.slice(0, 5), []);
  t.ok(compared > 600, `${compared} expressions compared`);
});

test('an expression may be as deep and as long as upstream allows', async (t) => {
  const environment = createEnvironment({ variables: { x: dynType } });
  const issuesOf = (text: string) => environment.compile(text).issues;
  const tooDeep = 'ERROR: <input>:-1:0: expression recursion limit exceeded: 250';
  t.equal(issuesOf(`${'('.repeat(249)}1${')'.repeat(249)}`), undefined);
  t.equal(issuesOf(`${'('.repeat(250)}1${')'.repeat(250)}`), tooDeep);
  t.equal(issuesOf(`${'1*('.repeat(125)}1${')'.repeat(125)}`), tooDeep, 'an operand is a level of its own');
  t.equal(issuesOf(`1${'+1'.repeat(250)}`), undefined);
  t.equal(issuesOf(`1${'+1'.repeat(251)}`), 'ERROR: <input>:-1:0: max recursion depth exceeded');
  t.equal(issuesOf(`true${' && true'.repeat(2000)}`), undefined, 'a chain of && is no depth');
  const tooLong = 'ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000';
  t.equal(issuesOf(`"${'é'.repeat(99_999)}"`), tooLong);
  t.match(issuesOf('#'.repeat(120)), /\n1 more errors were truncated$/);
  t.match(issuesOf(')'.repeat(300)), /mismatched input '\)'/);
});

test('environments that extend one another add to what an expression may name', async (t) => {
  const provider: TypeProvider = {
    findType: (name) => (name === 'Thing' ? objectType('Thing') : undefined),
    findField: (type, field) => (type === 'Thing' && field === 'name' ? stringType : undefined),
    fieldNames: () => ['name'],
  };
  const outer = createEnvironment({ variables: { x: intType } });
  const inner = outer.extend({ variables: { thing: objectType('Thing') }, provider });
  t.match(outer.compile('thing.name').issues, "undeclared reference to 'thing' (in container '')");
  t.same(inner.compile('thing.name').program?.outputType, stringType);
  t.match(inner.compile('thing.size').issues, "undefined field 'size'");
  t.same(inner.compile('Thing{name: string(x)}').program?.outputType, objectType('Thing'));
  t.match(
    inner.compile('Thing{name: x}').issues,
    "expected type of field 'name' is 'string' but provided type is 'int'",
  );
  const shadowing = inner.compile('[1].all(x, x == 1) && thing.name == "a"').program;
  t.equal(shadowing?.uses('thing'), true);
  t.equal(shadowing?.uses('oldSelf'), false);
});

test('a program is evaluated with the values of its variables', async (t) => {
  const environment = createEnvironment({ variables: { x: intType } });
  const program = environment.compile('[1, 2, x].map(y, y * 2).sum() > 8').program;
  t.equal(program?.evaluate((name) => (name === 'x' ? 3 : undefined), { costLimit: 1000 }).value, true);
  t.equal(program?.evaluate(() => 1).value, false);
  t.equal(program?.programError(), undefined);
});

test('a schema without a type is seen by no expression, and one that contains itself ends', async (t) => {
  t.equal(schemaTypes({}, { name: 'x' }), undefined);
  t.equal(schemaTypes({ type: 'array' }, { name: 'x' }), undefined);
  const tree: JsonSchema = {
    type: 'object',
    properties: {
      name: { type: 'string' },
      child: { $ref: '#/tree' },
      children: { type: 'array', items: { $ref: '#/tree' } },
    },
  };
  const types = schemaTypes({ $ref: '#/tree' }, { name: 'Tree', resolve: () => tree });
  if (types === undefined) throw new Error('a tree is an object');
  const environment = createEnvironment({ variables: { self: types.type }, provider: types.provider });
  t.equal(environment.compile('self.name == "a" && self.children.size() == 1').issues, undefined);
  t.match(environment.compile('self.child.name == "a"').issues, "undefined field 'name'");
  t.equal(types.maxCardinality, 1_048_576);
});

test('names that expressions cannot use are escaped, and found again', async (t) => {
  const escaped = {
    namespace: '__namespace__',
    'a.b-c/d': 'a__dot__b__dash__c__slash__d',
    a__b: 'a__underscores__b',
    plain_name: 'plain_name',
  };
  for (const [name, wanted] of Object.entries(escaped)) {
    t.equal(escapeFieldName(name), wanted);
    t.equal(unescapeFieldName(wanted), name);
  }
  for (const name of ['', '1a', 'a b', 'é']) t.equal(escapeFieldName(name), undefined, name);
  t.equal(unescapeFieldName('a__nonsense__b'), undefined);
});

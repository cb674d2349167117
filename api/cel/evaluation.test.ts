import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { parseJson } from '../json.ts';
import type { JsonSchema } from '../structural/json-schema.ts';
import { createEnvironment } from './environment.ts';
import { createEvaluator } from './evaluation.ts';
import { jsonPatchLibrary } from './kubernetes-functions.ts';
import { type AuthorizationQuestion, createAuthorizer, evaluateWithAuthorizer } from './library/authorizer.ts';
import { newPatchObject } from './library/json-patch.ts';
import { celText } from './runtime/go-print.ts';
import { ProgramError } from './runtime/planner.ts';
import { createValueView } from './runtime/typed-values.ts';
import { CelError, typeOf } from './runtime/values.ts';
import { schemaTypes } from './schema-types.ts';
import { authorizerType, dynType, objectType, stringType, type Type, type TypeProvider } from './types.ts';

/** What cel-go with Kubernetes' libraries answers: a value and its type, or an error, and what the evaluation cost. */
interface Row {
  readonly expression: string;
  readonly schema?: string;
  readonly object?: string;
  readonly self?: unknown;
  readonly limit?: number;
  readonly patch?: boolean;
  readonly authorizer?: boolean;
  readonly value?: string;
  readonly type?: string;
  readonly error?: string;
  readonly programError?: string;
  readonly cost?: number;
}

interface Named {
  readonly name: string;
  readonly schema?: JsonSchema;
  readonly object?: unknown;
}

const lines = readFileSync(join(import.meta.dirname, 'evaluation-answers.jsonl'), 'utf8')
  .trimEnd()
  .split('\n');
const parsed = lines.map((line) => parseJson(line).value as Row | Named);
const named = new Map(parsed.filter((each) => 'name' in each).map((each) => [each.name, each]));
const rows = parsed.filter((each) => 'expression' in each);

const patchTypes: TypeProvider = {
  findType: (name) => (/^(?:JSONPatch|Object(?:\..*)?)$/.test(name) ? objectType(name) : undefined),
  findField: (name, field): Type | undefined => {
    if (name !== 'JSONPatch') return /^Object/.test(name) ? dynType : undefined;
    return field === 'value' ? dynType : stringType;
  },
  fieldNames: () => [],
};

function decide({ verb, serviceAccount, group = '', resource = '', ...rest }: AuthorizationQuestion) {
  const user = serviceAccount ? `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}` : 'joe';
  if (verb === 'get' || verb === 'list') return { allowed: true, reason: `because ${user}` };
  if (verb === 'fail') return { allowed: false, reason: '', error: 'boom' };
  const { subresource = '', namespace = '', name = '', path = '' } = rest;
  return { allowed: false, reason: `${verb} ${group}/${resource}/${subresource} ${namespace}/${name} ${path}` };
}

const evaluator = createEvaluator();
const base = createEnvironment({ libraries: [jsonPatchLibrary] });

function evaluate(row: Row): Partial<Row> {
  let environment = base.extend({ variables: { authorizer: authorizerType } });
  let self = row.object === undefined ? row.self : named.get(row.object)?.object;
  const schema = row.schema === undefined ? undefined : named.get(row.schema)?.schema;
  const types = schema && schemaTypes(schema, { name: 'Self' });
  if (schema !== undefined && types !== undefined) {
    environment = environment.extend({ variables: { self: types.type }, provider: types.provider });
    self = createValueView(schema)(self);
  } else if (self !== undefined) {
    environment = environment.extend({ variables: { self: dynType } });
  }
  if (row.patch) environment = environment.extend({ provider: patchTypes });
  const compiled = environment.compile(row.expression);
  if (compiled.program === undefined) return { error: compiled.issues };
  try {
    const program = evaluator.program(compiled.program.ast, newPatchObject);
    const { authorizer } = createAuthorizer(decide);
    const variables: Readonly<Record<string, unknown>> = { self, authorizer };
    const limit = row.limit === undefined ? {} : { costLimit: row.limit };
    const { value, cost } = program.evaluate((name) => variables[name], limit);
    if (value instanceof CelError) return { error: value.message, cost };
    return { value: celText(value), type: typeOf(value).name, cost };
  } catch (error) {
    if (error instanceof ProgramError) return { programError: error.message };
    throw error;
  }
}

test('values, errors and costs are those of cel-go', (t) => {
  t.ok(rows.length > 300, 'there are answers to compare with');
  for (const row of rows) {
    const { expression, schema, object, self, limit, patch, authorizer, ...answer } = row;
    const ours = evaluate(row);
    // Objects without a text are told apart by their type alone.
    const value = answer.value === '?' ? '?' : ours.value;
    const programError = answer.programError === undefined ? ours.programError : answer.programError;
    const expected = { value: undefined, type: undefined, error: undefined, cost: undefined, programError, ...answer };
    const found = { value, type: ours.type, error: ours.error, cost: ours.cost, programError: ours.programError };
    if (JSON.stringify(Object.entries(found).sort()) !== JSON.stringify(Object.entries(expected).sort())) {
      t.same(found, expected, `${expression} with ${object ?? JSON.stringify(self) ?? 'nothing'}`);
    }
  }
  t.end();
});

test('an evaluation ends when it is interrupted', (t) => {
  const compiled = base.compile('lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))');
  const program = compiled.program && evaluator.program(compiled.program.ast);
  let asked = 0;
  const evaluation = program?.evaluate(() => undefined, { interrupted: () => ++asked > 3 });
  t.match(evaluation?.value, { message: 'operation interrupted' });
  t.ok(asked < 20, `asked ${asked} times`);
  t.end();
});

test('a variable that fails gives its error, and is asked for only where it is used', (t) => {
  const environment = base.extend({ variables: { a: dynType, b: dynType } });
  const compiled = environment.compile('a == 1 || b == 2');
  const program = compiled.program && evaluator.program(compiled.program.ast);
  const asked: string[] = [];
  const activation = (name: string) => {
    asked.push(name);
    return name === 'a' ? 1 : new CelError('b fails');
  };
  t.equal(program?.evaluate(activation).value, true);
  t.same(asked, ['a']);
  const other = environment.compile('b == 2');
  const failing = other.program && evaluator.program(other.program.ast);
  t.match(failing?.evaluate(activation).value, { message: 'b fails' });
  t.end();
});

test('an authorizer may answer later', async (t) => {
  const environment = base.extend({ variables: { authorizer: authorizerType } });
  const pods = "authorizer.group('').resource('pods')";
  const compiled = environment.compile(`${pods}.check('get').allowed() && !${pods}.check('delete').allowed()`);
  const program = compiled.program && evaluator.program(compiled.program.ast);
  const verbs: string[] = [];
  const values = createAuthorizer(async (question) => {
    verbs.push(question.verb);
    return decide(question);
  });
  const evaluation = await evaluateWithAuthorizer(values, () => program?.evaluate(() => values.authorizer));
  t.equal(evaluation?.value, true);
  t.equal(evaluation?.cost, 2 * 350_004 + 1, 'as if the answers had been there');
  t.same(verbs, ['get', 'delete'], 'each question is asked once');
});

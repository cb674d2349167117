import t from 'tap';
import { untypedDeduced } from '../../../api/apply/schema-types.ts';
import type { KubeObject } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { PermissionDecision } from '../authorizer.ts';
import type { AdmissionRequest } from '../plugin.ts';
import { readerOf, requestOf } from '../plugin-fixtures.ts';
import type { DispatchDeps } from './deps.ts';
import { createMatchConditions } from './match-conditions.ts';
import { createMutation } from './mutating.ts';
import { createStatusKeeper } from './status-keeper.ts';
import { checkTypes } from './type-check.ts';
import { createValidation } from './validating.ts';

type Spec = Readonly<Record<string, unknown>>;

const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }];
const matchConstraints = { resourceRules: rules, namespaceSelector: {}, objectSelector: {}, matchPolicy: 'Exact' };

function named(name: string, spec: Spec): KubeObject {
  return { metadata: { name, resourceVersion: '1' }, spec } as KubeObject;
}

interface Cluster {
  readonly policies?: readonly KubeObject[];
  readonly bindings?: readonly KubeObject[];
  authorize?(): PermissionDecision | Promise<PermissionDecision>;
}

function depsOf({ policies = [], bindings = [], authorize }: Cluster): DispatchDeps {
  const lists = { policies: () => policies, bindings: () => bindings };
  return {
    validating: lists,
    mutating: lists,
    reader: readerOf({ namespaces: [{ metadata: { name: 'ns', labels: { a: 'b' } } }] }),
    authorizer: { authorize: authorize ?? (() => ({ decision: 'allow', reason: '' })) },
    findParams: () => undefined,
    typeAt: () => untypedDeduced,
    isCustom: () => false,
    versions: {
      equivalents: (place) => [place],
      present: (_request, object) =>
        ({ kind: 'ConfigMap', apiVersion: 'v1', ...structuredClone(object) }) as KubeObject,
      accept: (_request, value) => value,
    },
  };
}

function write(data: Readonly<Record<string, string>>, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const object = { metadata: { name: 'x' }, data } as KubeObject;
  return requestOf({ resource: 'configmaps', kind: 'ConfigMap', namespace: 'ns', object, ...more });
}

async function refusal(run: Promise<void>): Promise<string> {
  try {
    await run;
    return '';
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const deny = { policyName: 'p', validationActions: ['Deny'] };

t.test('a policy is compiled once, and again when it changes', async (t) => {
  const policies: KubeObject[][] = [
    [named('p', { matchConstraints, validations: [{ expression: "object.data.n == '1'" }] })],
  ];
  const deps = depsOf({ bindings: [named('b', deny)] });
  const validate = createValidation({ ...deps, validating: { ...deps.validating, policies: () => policies[0] ?? [] } });
  t.equal(await refusal(validate(write({ n: '1' }))), '');
  const message = `422 configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.data.n == '1'`;
  t.equal(await refusal(validate(write({ n: '2' }))), message);
  const next = named('p', { matchConstraints, validations: [{ expression: "object.data.n == '2'" }] });
  policies[0] = [{ ...next, metadata: { name: 'p', resourceVersion: '2' } }];
  t.equal(await refusal(validate(write({ n: '2' }))), '');
  policies[0] = [];
  t.equal(await refusal(validate(write({ n: '3' }))), '', 'it is gone');
});

t.test('an authorizer that answers later is waited for, and asked once', async (t) => {
  let asked = 0;
  const check = "authorizer.group('').resource('configmaps').check('delete').allowed()";
  const deps = depsOf({
    policies: [
      named('p', { matchConstraints, validations: [{ expression: `${check} && ${check} && object.data.n == '1'` }] }),
    ],
    bindings: [named('b', deny)],
    authorize: async () => {
      asked++;
      return { decision: 'allow', reason: 'because' };
    },
  });
  t.equal(await refusal(createValidation(deps)(write({ n: '1' }))), '');
  t.equal(asked, 1);
});

t.test('warnings go to the request, and what is ignored leaves no trace', async (t) => {
  const warnings: string[] = [];
  const validations = [{ expression: 'int(object.data.n) < 5', messageExpression: "'n is ' + object.data.n" }];
  const policies = [
    named('p', { matchConstraints, validations }),
    named('q', { matchConstraints, validations, failurePolicy: 'Ignore' }),
  ];
  const bindings = [
    named('b', { policyName: 'p', validationActions: ['Warn', 'Audit'] }),
    named('c', { policyName: 'q', validationActions: ['Deny'] }),
  ];
  const validate = createValidation(depsOf({ policies, bindings }));
  const warn = (text: string): void => void warnings.push(text);
  t.equal(await refusal(validate(write({ n: 'x' }, { warn }))), '');
  t.same(warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': expression 'int(object.data.n) < 5' resulted in error: type conversion error from 'string' to 'int'",
  ]);
  t.match(await refusal(validate(write({ n: '7' }, { warn }))), /'q' with binding 'c' denied request: n is 7$/);
});

t.test('a mutation that another one changed after it may run once more', async (t) => {
  const mutation = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
  const policies = [
    named('a', {
      matchConstraints,
      reinvocationPolicy: 'IfNeeded',
      mutations: [mutation("Object{data: {'all': object.data.?all.orValue('') + 'a'}}")],
    }),
    named('b', {
      matchConstraints,
      reinvocationPolicy: 'Never',
      mutations: [mutation("Object{data: {'all': object.data.all + 'b'}}")],
    }),
  ];
  const bindings = [named('a', { policyName: 'a' }), named('b', { policyName: 'b' })];
  const mutate = createMutation(depsOf({ policies, bindings }));
  const request = write({ n: '1' });
  await mutate(request);
  t.same(request.object, { ...request.object, data: { n: '1', all: 'ab' } });
  t.equal(request.reinvocation?.shouldReinvoke, true);
  if (request.reinvocation !== undefined) request.reinvocation.isReinvoke = true;
  await mutate(request);
  t.match(request.object, { data: { all: 'aba' } }, 'only the one that may return');
});

t.test('a mutation that fails refuses the request with all causes', async (t) => {
  const jsonPatch = { expression: "[JSONPatch{op: 'remove', path: '/data/' + object.data.missing}]" };
  const policy = named('p', { matchConstraints, mutations: [{ patchType: 'JSONPatch', jsonPatch }] });
  const mutate = createMutation(depsOf({ policies: [policy], bindings: [named('b', { policyName: 'p' })] }));
  t.equal(
    await refusal(mutate(write({ n: '1' }))),
    `403 policy 'p' with binding 'b' denied request: expression '${jsonPatch.expression}' resulted in error: no such key: missing`,
  );
});

t.test('conditions of webhooks match, skip, or fail as their webhook does', async (t) => {
  const { authorizer } = depsOf({});
  const matcher = createMatchConditions(authorizer);
  const request = write({ n: '1' });
  const place = {
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    subresource: '',
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
  };
  const ask = (ignoresFailures: boolean, ...expressions: string[]) =>
    matcher(
      expressions.map((expression, i) => ({ name: String(i), expression })),
      { ignoresFailures, name: 'w' },
      { request, place, object: request.object, oldObject: undefined },
    );
  t.equal(await ask(false, "object.data.n == '1'", "request.operation == 'CREATE'"), 'match');
  t.equal(await ask(false, "object.data.n == '1'", 'oldObject != null'), 'skip');
  t.equal(await ask(false, 'object.data.m == "1"', 'false'), 'skip', 'one that is false outweighs an error');
  t.equal(await ask(true, 'object.data.m == "1"'), 'skip');
  t.same(await ask(false, 'object.data.m == "1"'), {
    error: `expression 'object.data.m == "1"' resulted in error: no such key: m`,
  });
});

t.test('types are checked against the schema of what is matched', async (t) => {
  const policy = named('p', {
    matchConstraints,
    variables: [{ name: 'size', expression: 'size(object.data)' }],
    validations: [
      { expression: 'variables.size > 1 && object.data.a == "b"' },
      { expression: 'object.spec.replicas > 1', messageExpression: 'object.metadata.name + 1' },
    ],
  });
  const string = { type: 'string' };
  const schema = { type: 'object', properties: { data: { type: 'object', additionalProperties: string } } };
  const warnings = await checkTypes(policy, {
    kindOf: (group, version) => ({ group, version, kind: 'ConfigMap' }),
    schemaOf: async () => ({ schema, resolve: () => undefined }),
  });
  t.same(
    warnings.map(({ fieldRef }) => fieldRef),
    ['spec.validations[1].expression', 'spec.validations[1].messageExpression'],
  );
  t.match(warnings[0]?.warning, /^\/v1, Kind=ConfigMap: ERROR: <input>:1:7: undefined field 'spec'\n/);
});

t.test('the status of a policy is written once for each generation', async (t) => {
  const written: unknown[] = [];
  const unused = (): never => {
    throw new Error('unexpected');
  };
  const timers: (() => void)[] = [];
  const policy = named('p', { matchConstraints, validations: [{ expression: 'true' }] });
  const observed = { ...policy, metadata: { name: 'q', generation: 1 }, status: { observedGeneration: 1 } };
  using keeper = createStatusKeeper({
    clock: {
      now: () => 0,
      after: (_delay, callback) => {
        timers.push(callback);
        return { cancel: () => undefined };
      },
    },
    types: { kindOf: () => undefined, schemaOf: async () => undefined },
    policies: () => [{ ...policy, metadata: { name: 'p', generation: 3 } }, observed],
    onError: unused,
    client: {
      get: unused,
      list: unused,
      watch: unused,
      delete: unused,
      update: unused,
      create: unused,
      request: unused,
      patch: async ({ name }, patch) => {
        written.push([name, (patch as { status?: unknown }).status]);
        return {} as never;
      },
    },
  });
  keeper.check();
  keeper.check();
  t.equal(timers.length, 1);
  timers[0]?.();
  while (written.length === 0) await new Promise(setImmediate);
  t.same(written, [['p', { observedGeneration: 3, typeChecking: {} }]]);
});

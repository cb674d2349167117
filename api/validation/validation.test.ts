import t from 'tap';
import { semanticEqual } from '../equal.ts';
import { type FieldErrors, FieldPath, fieldErrorMessage } from '../field-error.ts';
import { nameIsDNSSubdomain } from '../names.ts';
import { validateAnnotations, validateLabelSelector } from './labels.ts';
import { validateObjectMeta, validateObjectMetaOnUpdate, validateObjectMetaUpdate } from './object-meta.ts';

const path = FieldPath.of('metadata');
const rules = { namespaced: true, validateName: nameIsDNSSubdomain };
const texts = (errors: FieldErrors) => errors.map(fieldErrorMessage);

await t.test('good metadata has no errors', async (t) => {
  const meta = {
    name: 'a',
    namespace: 'n',
    labels: { 'a.b/c': 'D' },
    annotations: { 'A.B/c': 'anything at all' },
    finalizers: ['orphan', 'a.b/c'],
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'u', controller: true }],
    managedFields: [{ operation: 'Apply', manager: 'm', fieldsType: 'FieldsV1' }],
  };
  t.strictSame(validateObjectMeta(meta, rules, path), []);
  const stored = { ...meta, resourceVersion: '1', uid: 'u' };
  t.strictSame(validateObjectMetaOnUpdate(stored, stored, rules, path), []);
});

await t.test('names and namespaces are required where they belong', async (t) => {
  t.strictSame(texts(validateObjectMeta({}, rules, path)), [
    'metadata.name: Required value: name or generateName is required',
    'metadata.namespace: Required value',
  ]);
  t.strictSame(texts(validateObjectMeta({ name: 'a', namespace: 'n' }, { ...rules, namespaced: false }, path)), [
    'metadata.namespace: Forbidden: not allowed on this type',
  ]);
});

await t.test('owner references are complete, not events, and one at most controls', async (t) => {
  const event = { apiVersion: 'v1', kind: 'Event', name: 'x', uid: 'u' };
  const empty = { apiVersion: '', kind: '', name: '', uid: '' };
  const a = { apiVersion: 'v1', kind: 'A', name: 'x', uid: 'u2', controller: true };
  const b = { apiVersion: 'v1', kind: 'B', name: 'y', uid: 'u3', controller: true, blockOwnerDeletion: false };
  const ownerReferences = [event, empty, a, b];
  t.strictSame(texts(validateObjectMeta({ name: 'a', namespace: 'n', ownerReferences }, rules, path)), [
    `metadata.ownerReferences: Invalid value: ${JSON.stringify(event)}: /v1, Kind=Event is disallowed from being an owner`,
    'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
    'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
    'metadata.ownerReferences.name: Invalid value: "": must not be empty',
    'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    `metadata.ownerReferences: Invalid value: ${JSON.stringify(ownerReferences)}: Only one reference can have Controller set to true. Found "true" in references for A/x and B/y`,
  ]);
});

await t.test('finalizers are standard or have a domain', async (t) => {
  const meta = { name: 'a', namespace: 'n', finalizers: ['orphan', 'foregroundDeletion', 'x'] };
  const both =
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion","x"]: finalizer orphan and foregroundDeletion cannot be both set';
  t.strictSame(texts(validateObjectMeta(meta, rules, path)), [
    both,
    'metadata.finalizers[2]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
  ]);
  t.strictSame(texts(validateObjectMeta(meta, { ...rules, anyFinalizer: true }, path)), [both]);
});

await t.test('updates may not touch what identifies an object', async (t) => {
  const old = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '1', generation: 2, deletionTimestamp: 't' };
  const meta = { ...old, name: 'b', uid: 'v', resourceVersion: '', generation: 1, finalizers: ['z/1', 'a/1'] };
  t.strictSame(texts(validateObjectMetaUpdate(meta, old, path)), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/1", "z/1"}',
    'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    'metadata.generation: Invalid value: 1: must not be decremented',
    'metadata.name: Invalid value: "b": field is immutable',
    'metadata.uid: Invalid value: "v": field is immutable',
  ]);
});

await t.test('an update reports in the order of a real API server, with repetitions', async (t) => {
  const old = { name: 'm', namespace: 'n', uid: 'u', resourceVersion: '1' };
  const meta = {
    ...old,
    deletionTimestamp: '2020-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 4,
    finalizers: ['x y'],
  };
  const fields = validateObjectMetaOnUpdate(meta, old, rules, path).map((error) => error.field);
  t.strictSame(fields, [
    'metadata.finalizers',
    'metadata.deletionTimestamp',
    'metadata.deletionGracePeriodSeconds',
    'metadata.deletionTimestamp',
    'metadata.deletionGracePeriodSeconds',
    'metadata.finalizers[0]',
  ]);
  const again = { ...rules, validatedAgainOnUpdate: true };
  const more = validateObjectMetaOnUpdate(meta, old, again, path).map((error) => error.field);
  t.strictSame(more, [...fields, 'metadata.finalizers', 'metadata.finalizers[0]']);
});

await t.test('managed fields and annotations are bounded', async (t) => {
  const managedFields = [
    { operation: 'x', fieldsType: 'y', manager: 'a\u0007é\u0001', subresource: 's'.repeat(257) },
    { operation: 'Update', manager: 'm'.repeat(129) },
  ];
  t.strictSame(texts(validateObjectMeta({ name: 'a', namespace: 'n', managedFields }, rules, path)), [
    'metadata.managedFields[0].operation: Invalid value: "x": must be `Apply` or `Update`',
    'metadata.managedFields[0].fieldsType: Invalid value: "y": must be `FieldsV1`',
    'metadata.managedFields[0].manager: Invalid value: "a\\aé\\x01": invalid character U+0007 (at position 1)',
    'metadata.managedFields[0].manager: Invalid value: "a\\aé\\x01": invalid character U+0001 (at position 4)',
    'metadata.managedFields[0].subresource: Too long: may not be more than 256 bytes',
    'metadata.managedFields[1].manager: Too long: may not be more than 128 bytes',
  ]);
  t.strictSame(texts(validateAnnotations({ a: 'é'.repeat(131072) }, FieldPath.of('annotations'))), [
    'annotations: Too long: may not be more than 262144 bytes',
  ]);
});

await t.test('label selectors are checked by requirement', async (t) => {
  const selector = {
    matchLabels: { 'a b': 'c' },
    matchExpressions: [
      { key: 'a', operator: 'In' },
      { key: 'a', operator: 'Exists', values: ['x'] },
      { key: '', operator: 'Foo', values: ['-'] },
    ],
  };
  const fields = validateLabelSelector(selector, {}, FieldPath.of('selector')).map((error) => error.field);
  t.strictSame(fields, [
    'selector.matchLabels',
    'selector.matchExpressions[0].values',
    'selector.matchExpressions[1].values',
    'selector.matchExpressions[2].operator',
    'selector.matchExpressions[2].key',
    'selector.matchExpressions[2].key',
    'selector.matchExpressions[2].values[0]',
  ]);
});

await t.test('values are semantically equal when only emptiness differs', async (t) => {
  t.ok(semanticEqual({ a: [1, { b: 2 }], c: undefined, d: [] }, { a: [1, { b: 2 }], e: {}, f: null }));
  t.ok(semanticEqual(undefined, {}));
  t.notOk(semanticEqual({ a: '' }, {}));
  t.notOk(semanticEqual({ a: [1, 2] }, { a: [2, 1] }));
  t.notOk(semanticEqual({ a: 0 }, { a: false }));
});

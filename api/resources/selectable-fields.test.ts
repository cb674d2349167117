import t from 'tap';
import { parseFieldSelector } from '../selectors.ts';
import { customSelectableFields, selectableFields } from './selectable-fields.ts';

const gvr = (group: string, version: string, resource: string) => ({ group, version, resource });

await t.test('fields that a resource does not have are refused in the words of its kind', async (t) => {
  const onlyMetadata = (field: string) =>
    `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
  for (const [definition, field, expected] of [
    [gvr('', 'v1', 'pods'), 'spec.foo', 'field label not supported: spec.foo'],
    [gvr('', 'v1', 'pods'), 'toString', 'field label not supported: toString'],
    [gvr('', 'v1', 'nodes'), 'metadata.namespace', 'field label not supported: metadata.namespace'],
    [gvr('apps', 'v1', 'deployments'), 'status.replicas', onlyMetadata('status.replicas')],
    [gvr('rbac.authorization.k8s.io', 'v1', 'clusterroles'), 'metadata.namespace', undefined],
    [
      gvr('resource.k8s.io', 'v1beta2', 'resourceslices'),
      'foo',
      'field label not supported for resource.k8s.io/v1beta2, Kind=ResourceSlice: foo',
    ],
    [gvr('events.k8s.io', 'v1', 'events'), 'involvedObject.name', 'field label not supported: involvedObject.name'],
    [gvr('', 'v1', 'events'), 'involvedObject.name', undefined],
  ] as const) {
    t.equal(selectableFields(definition).check(field), expected, `${definition.resource} ${field}`);
  }
});

await t.test('pods are selected by their fields, old names included', async (t) => {
  const fields = selectableFields(gvr('', 'v1', 'pods'));
  const pod = {
    metadata: { name: 'p', namespace: 'n' },
    spec: { nodeName: 'node' },
    status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }, { ip: '::1' }] },
  };
  const matches = (selector: string) => parseFieldSelector(selector).matches((field) => fields.get(pod, field));
  for (const selector of [
    'spec.host=node',
    'spec.nodeName=node,metadata.namespace=n',
    'spec.hostNetwork=false',
    'status.podIP=10.0.0.1',
    'status.podIPs=',
    'status.nominatedNodeName=',
    'status.phase!=Failed',
  ]) {
    t.equal(matches(selector), true, selector);
  }
  t.equal(matches('status.podIPs=10.0.0.1'), false);
  t.strictSame(fields.indexed, ['spec.nodeName']);
});

await t.test('events are selected by either group with the names of that group', async (t) => {
  const core = selectableFields(gvr('', 'v1', 'events'));
  const events = selectableFields(gvr('events.k8s.io', 'v1', 'events'));
  const event = { metadata: {}, involvedObject: { kind: 'Pod' }, reportingComponent: 'kubelet' };
  t.equal(core.get(event, 'involvedObject.kind'), 'Pod');
  t.equal(core.get(event, 'source'), 'kubelet');
  t.equal(events.get(event, 'regarding.kind'), 'Pod');
  t.equal(events.get(event, 'reportingController'), 'kubelet');
});

await t.test('custom resources are selected by name and by what their definition adds', async (t) => {
  const fields = customSelectableFields(false, { 'spec.color': () => 'red' });
  t.equal(fields.get({}, 'spec.color'), 'red');
  t.equal(fields.check('metadata.name'), undefined);
  t.equal(fields.check('metadata.namespace'), 'field label not supported: metadata.namespace');
  t.equal(customSelectableFields(true).check('metadata.namespace'), undefined);
});

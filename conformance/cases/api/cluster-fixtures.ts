import { bytesOf, condition, type Fixtures, reasonSet } from './fixture.ts';

// An ECDSA request for CN=jane.
const certificateRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkJ6Q0JyZ0lCQURBZU1RMHdDd1lEVlFRS0RBUmtaWFp6TVEwd0N3WURWUVFEREFScVlXNWxNRmt3RXdZSApLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFY2pReXhzUkFkbDlhcDhMK1l4aHpCeFJqSUFISEswNzJqMzR5CmIyMmZueHhqTlZLZ3NrVVRKTm9BTGI0bzBjNjhMbVRkUWlpQmdiVDlCTmRQMnlLcTE2QXVNQ3dHQ1NxR1NJYjMKRFFFSkRqRWZNQjB3R3dZRFZSMFJCQlF3RW9JUWFtRnVaUzVsZUdGdGNHeGxMbU52YlRBS0JnZ3Foa2pPUFFRRApBZ05JQURCRkFpQmM2UFA3ZElvdTV6a0hwQmtEdUE1Y1ZqVzFzbktMQnA2alRGRnR2NnZtVndJaEFMbVJxQjJkCkZ0a0p5bnVpallSZndmbmxFcTJxS2pkeE9WaVY3bWpwYVdTMAotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K';

const nothing = {
  apiGroups: ['none.example.com'],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['nothings'],
};
const webhooks = (rand: string) => [
  {
    name: `${rand}.example.com`,
    clientConfig: { url: 'https://127.0.0.1:1/none' },
    rules: [nothing],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  },
];
const subject = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'nobody' };
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
const device = { exactly: { deviceClassName: 'none.example.com' } };

export const clusterFixtures: Fixtures = {
  'apiservices.apiregistration.k8s.io': (rand) => ({
    name: () => `v1.${rand}.example.com`,
    object: { spec: { group: `${rand}.example.com`, version: 'v1', groupPriorityMinimum: 100, versionPriority: 100 } },
    status: {
      patch: { status: { conditions: [condition] } },
      path: 'status.conditions',
      value: (c: unknown) => Array.isArray(c),
    },
    free: ['status?'],
  }),
  'customresourcedefinitions.apiextensions.k8s.io': (rand) => ({
    name: () => `shows.${rand}.example.com`,
    object: {
      spec: {
        group: `${rand}.example.com`,
        scope: 'Namespaced',
        names: { plural: 'shows', singular: 'show', kind: 'Show', listKind: 'ShowList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    },
    status: { patch: { status: { storedVersions: ['v1'] } }, path: 'status.storedVersions', value: ['v1'] },
    free: ['status?', 'metadata.generation'],
  }),
  'certificatesigningrequests.certificates.k8s.io': () => ({
    object: { spec: { request: certificateRequest, signerName: 'example.com/conformance', usages: ['client auth'] } },
    status: {
      patch: { status: { conditions: [{ ...condition, type: 'Failed' }] } },
      path: 'status.conditions[0].type',
      value: 'Failed',
    },
    free: ['spec.username', 'spec.groups', 'spec.uid?', 'spec.extra?'],
  }),
  'ingressclasses.networking.k8s.io': () => ({ object: { spec: { controller: 'example.com/none' } } }),
  'ingresses.networking.k8s.io': (rand) => ({
    object: { spec: { defaultBackend: { service: { name: rand, port: { number: 80 } } } } },
    status: {
      patch: { status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } },
      path: 'status.loadBalancer.ingress[0].ip',
      value: '203.0.113.1',
    },
  }),
  'ipaddresses.networking.k8s.io': (rand) => ({
    name: () => `198.18.${bytesOf(rand).join('.')}`,
    object: { spec: { parentRef: { group: 'example.com', resource: 'shows', namespace: 'default', name: rand } } },
  }),
  'servicecidrs.networking.k8s.io': (rand) => ({
    object: { spec: { cidrs: [`198.19.${bytesOf(rand)[0]}.${bytesOf(rand)[1] & 240}/28`] } },
    status: { patch: { status: { conditions: [condition] } }, path: 'status.conditions[0].reason', value: 'R' },
    free: ['spec.cidrs'],
  }),
  'networkpolicies.networking.k8s.io': () => ({ object: { spec: { podSelector: {} } } }),
  'clusterroles.rbac.authorization.k8s.io': () => ({ object: { rules } }),
  'clusterrolebindings.rbac.authorization.k8s.io': (rand) => ({
    object: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: rand },
      subjects: [subject],
    },
  }),
  'roles.rbac.authorization.k8s.io': () => ({ object: { rules } }),
  'rolebindings.rbac.authorization.k8s.io': (rand) => ({
    object: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: rand }, subjects: [subject] },
  }),
  'csidrivers.storage.k8s.io': () => ({ object: { spec: { attachRequired: false } } }),
  'csinodes.storage.k8s.io': () => ({ object: { spec: { drivers: [] } } }),
  'csistoragecapacities.storage.k8s.io': (rand) => ({ object: { storageClassName: rand } }),
  'storageclasses.storage.k8s.io': () => ({ object: { provisioner: 'example.com/none' } }),
  'volumeattachments.storage.k8s.io': (rand) => ({
    object: { spec: { attacher: 'example.com', nodeName: rand, source: { persistentVolumeName: rand } } },
    status: { patch: { status: { attached: true } }, path: 'status.attached', value: true },
  }),
  'volumeattributesclasses.storage.k8s.io': () => ({ object: { driverName: 'example.com', parameters: { a: 'b' } } }),
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': (rand) => ({ object: { webhooks: webhooks(rand) } }),
  'validatingwebhookconfigurations.admissionregistration.k8s.io': (rand) => ({ object: { webhooks: webhooks(rand) } }),
  'mutatingadmissionpolicies.admissionregistration.k8s.io': () => ({
    object: {
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints: { resourceRules: [nothing] },
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      },
    },
  }),
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': (rand) => ({
    object: { spec: { policyName: rand } },
  }),
  'validatingadmissionpolicies.admissionregistration.k8s.io': () => ({
    object: { spec: { matchConstraints: { resourceRules: [nothing] }, validations: [{ expression: 'true' }] } },
    status: reasonSet,
    // The type checker writes it when it gets there.
    free: ['status?'],
  }),
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': (rand) => ({
    object: { spec: { policyName: rand, validationActions: ['Deny'] } },
  }),
  'endpointslices.discovery.k8s.io': () => ({
    object: {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.99.0.1'] }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    },
  }),
  'deviceclasses.resource.k8s.io': () => ({ object: { spec: {} } }),
  'resourceclaims.resource.k8s.io': () => ({
    object: { spec: { devices: { requests: [{ name: 'one', ...device }] } } },
    status: {
      patch: {
        status: {
          allocation: { devices: { results: [{ request: 'one', driver: 'example.com', pool: 'p', device: 'd' }] } },
        },
      },
      path: 'status.allocation.devices.results[0].device',
      value: 'd',
    },
  }),
  'resourceclaimtemplates.resource.k8s.io': () => ({
    object: { spec: { spec: { devices: { requests: [{ name: 'one', ...device }] } } } },
  }),
  'resourceslices.resource.k8s.io': (rand) => ({
    object: {
      spec: {
        driver: 'example.com',
        nodeName: rand,
        pool: { name: rand, generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'd' }],
      },
    },
  }),
  'flowschemas.flowcontrol.apiserver.k8s.io': () => ({
    object: { spec: { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 9999 } },
    status: reasonSet,
  }),
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': () => ({
    object: { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } } },
    status: reasonSet,
  }),
};

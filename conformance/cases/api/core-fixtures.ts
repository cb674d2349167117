import { condition, type Fixtures, podSpec, template } from './fixture.ts';

/** Keyed as `resource.group`, core without a group. */
export const coreFixtures: Fixtures = {
  configmaps: () => ({ object: { data: { a: 'b' } } }),
  endpoints: () => ({ object: { subsets: [{ addresses: [{ ip: '10.99.0.1' }], ports: [{ port: 80 }] }] } }),
  events: (rand) => ({
    object: {
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: rand, namespace: `conformance-${rand}` },
      reason: 'Shown',
      message: 'm',
      type: 'Normal',
    },
  }),
  limitranges: () => ({ object: { spec: { limits: [{ type: 'Pod', max: { cpu: '100' } }] } } }),
  nodes: () => ({
    object: { spec: { unschedulable: true } },
    status: { patch: { status: { capacity: { cpu: '1' } } }, path: 'status.capacity.cpu', value: '1' },
  }),
  persistentvolumeclaims: () => ({
    object: {
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } },
    },
    status: { patch: { status: { conditions: [condition] } }, path: 'status.conditions[0].reason', value: 'R' },
  }),
  persistentvolumes: (rand) => ({
    object: {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: rand,
        persistentVolumeReclaimPolicy: 'Retain',
        hostPath: { path: '/nowhere' },
      },
    },
    status: { patch: { status: { message: 'shown' } }, path: 'status.message', value: 'shown' },
    free: ['status.phase?', 'status.lastPhaseTransitionTime?'],
  }),
  pods: () => ({
    object: { spec: podSpec },
    status: { patch: { status: { message: 'shown' } }, path: 'status.message', value: 'shown' },
  }),
  podtemplates: (rand) => ({ object: { template: template(rand) } }),
  replicationcontrollers: (rand) => ({
    object: { spec: { replicas: 0, selector: { app: rand }, template: template(rand) } },
    status: { patch: { status: { conditions: [condition] } }, path: 'status.conditions[0].reason', value: 'R' },
  }),
  resourcequotas: () => ({
    object: { spec: { hard: { 'count/secrets': '1000' } } },
    status: {
      patch: { status: { hard: { 'count/secrets': '999' } } },
      path: 'status.hard["count/secrets"]',
      value: '999',
    },
  }),
  secrets: () => ({ object: { stringData: { a: 'b' } } }),
  serviceaccounts: () => ({}),
  services: (rand) => ({
    object: { spec: { selector: { app: rand }, ports: [{ port: 80 }] } },
    status: { patch: { status: { conditions: [condition] } }, path: 'status.conditions[0].reason', value: 'R' },
    free: ['spec.clusterIP', 'spec.clusterIPs', 'rows[*].cells[2]'],
  }),
};

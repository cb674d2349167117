import { condition, type Fixtures, reasonSet, template } from './fixture.ts';

const selector = (rand: string) => ({ matchLabels: { app: rand } });

export const workloadFixtures: Fixtures = {
  'controllerrevisions.apps': () => ({ object: { data: { a: 1 }, revision: 1 } }),
  'daemonsets.apps': (rand) => ({
    object: { spec: { selector: selector(rand), template: template(rand) } },
    status: reasonSet,
  }),
  'deployments.apps': (rand) => ({
    object: { spec: { replicas: 0, selector: selector(rand), template: template(rand) } },
    status: reasonSet,
  }),
  'replicasets.apps': (rand) => ({
    object: { spec: { replicas: 0, selector: selector(rand), template: template(rand) } },
    status: reasonSet,
  }),
  'statefulsets.apps': (rand) => ({
    object: { spec: { replicas: 0, serviceName: rand, selector: selector(rand), template: template(rand) } },
    status: reasonSet,
  }),
  'horizontalpodautoscalers.autoscaling': (rand) => ({
    object: { spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: rand } } },
    status: { patch: { status: { currentReplicas: 1, desiredReplicas: 1 } }, path: 'status.desiredReplicas', value: 1 },
  }),
  'cronjobs.batch': (rand) => ({
    object: {
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', ...(template(rand).spec as object) } } } },
      },
    },
    status: {
      patch: { status: { lastScheduleTime: '2020-01-01T00:00:00Z' } },
      path: 'status.lastScheduleTime',
      value: '2020-01-01T00:00:00Z',
    },
  }),
  'jobs.batch': (rand) => ({
    object: {
      spec: { suspend: true, template: { spec: { restartPolicy: 'Never', ...(template(rand).spec as object) } } },
    },
    status: {
      patch: { status: { conditions: [condition] } },
      path: 'status.conditions',
      value: (c: unknown) => Array.isArray(c),
    },
    free: ['spec.selector.matchLabels["batch.kubernetes.io/controller-uid"]?'],
  }),
  'poddisruptionbudgets.policy': (rand) => ({
    object: { spec: { maxUnavailable: 1, selector: selector(rand) } },
    status: reasonSet,
  }),
  'leases.coordination.k8s.io': () => ({ object: { spec: { holderIdentity: 'me', leaseDurationSeconds: 30 } } }),
  'priorityclasses.scheduling.k8s.io': () => ({ object: { value: 7, description: 'conformance' } }),
  'runtimeclasses.node.k8s.io': () => ({ object: { handler: 'none' } }),
  'events.events.k8s.io': (rand) => ({
    object: {
      eventTime: '2020-01-01T00:00:00.000000Z',
      reportingController: 'example.com/conformance',
      reportingInstance: rand,
      action: 'Show',
      reason: 'Shown',
      type: 'Normal',
      regarding: { apiVersion: 'v1', kind: 'Pod', name: rand, namespace: `conformance-${rand}` },
    },
  }),
};

import { test } from 'tap';
import type { KubeObject } from '../../../api/object.ts';
import { autoscalingConversions } from './conversions.ts';
import { defaultHorizontalPodAutoscaler, type HorizontalPodAutoscaler } from './hpa-defaults.ts';

const [v1] = autoscalingConversions;
if (v1 === undefined) throw new Error('no conversion');
const { toHub, fromHub } = v1;

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };

function clone<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const full: HorizontalPodAutoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'a', annotations: { kept: 'yes' } },
  spec: {
    scaleTargetRef,
    minReplicas: 1,
    maxReplicas: 3,
    behavior: { scaleDown: { selectPolicy: 'Disabled', policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }] } },
    metrics: [
      {
        type: 'Pods',
        pods: {
          metric: { name: 'p', selector: { matchLabels: { a: 'b' } } },
          target: { type: 'AverageValue', averageValue: '2' },
        },
      },
      {
        type: 'Object',
        object: {
          describedObject: { kind: 'Ingress', name: 'i' },
          metric: { name: 'o' },
          target: { type: 'AverageValue', averageValue: '4' },
        },
      },
      { type: 'External', external: { metric: { name: 'e' }, target: { type: 'Value', value: '5' } } },
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 6 } },
      },
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ],
  },
  status: {
    desiredReplicas: 2,
    currentReplicas: 1,
    conditions: [{ type: 'AbleToScale', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'r' }],
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 7, averageValue: '8m' } } },
      { type: 'External', external: { metric: { name: 'e' }, current: { value: '9' } } },
    ],
  },
};

void test('an autoscaler survives the way to autoscaling/v1 and back', async (t) => {
  t.strictSame(clone(toHub(clone(fromHub(full)))), clone(full));
});

void test('v1 shows the utilization of the CPU and keeps the rest in annotations', async (t) => {
  const object = fromHub(clone(full)) as KubeObject & { spec?: object; status?: object };
  t.strictSame(clone(object.spec), {
    scaleTargetRef,
    minReplicas: 1,
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 60,
  });
  t.strictSame(clone(object.status), { desiredReplicas: 2, currentReplicas: 1, currentCPUUtilizationPercentage: 7 });
  t.strictSame(Object.keys(object.metadata?.annotations ?? {}).sort(), [
    'autoscaling.alpha.kubernetes.io/behavior',
    'autoscaling.alpha.kubernetes.io/conditions',
    'autoscaling.alpha.kubernetes.io/current-metrics',
    'autoscaling.alpha.kubernetes.io/metrics',
    'kept',
  ]);
});

void test('a v1 autoscaler without a target aims at the default utilization', async (t) => {
  const object = toHub({
    metadata: { name: 'a' },
    spec: { scaleTargetRef, maxReplicas: 2 },
  } as KubeObject) as HorizontalPodAutoscaler;
  t.strictSame(object.spec?.metrics, [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
  ]);
});

void test('annotations that hold no JSON are dropped', async (t) => {
  const annotations = {
    'autoscaling.alpha.kubernetes.io/metrics': '{',
    'autoscaling.alpha.kubernetes.io/behavior': '[]',
  };
  const object = toHub({
    metadata: { name: 'a', annotations },
    spec: { maxReplicas: 2 },
  } as KubeObject) as HorizontalPodAutoscaler;
  t.equal(object.metadata?.annotations, undefined);
  t.equal(object.spec?.behavior, undefined);
});

void test('a behaviour gets the pace that autoscalers always had', async (t) => {
  const object: HorizontalPodAutoscaler = { spec: { behavior: { scaleUp: { selectPolicy: 'Min' } } } };
  defaultHorizontalPodAutoscaler(object);
  t.match(object.spec?.behavior?.scaleUp, {
    selectPolicy: 'Min',
    stabilizationWindowSeconds: 0,
    policies: [{ value: 4 }, { value: 100 }],
  });
  t.equal(object.spec?.behavior?.scaleDown?.stabilizationWindowSeconds, undefined);
});

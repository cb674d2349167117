import type { KubeletHost } from '../server/kubelet-host.ts';
import type { Family, Sample } from './metric-text.ts';
import { type PodUsage, usageOfNode, usageOfPods } from './usage.ts';

const nano = 1e9;

function podLabels({ hosted }: PodUsage): Record<string, string> {
  const { name = '', namespace = '' } = hosted.pod.metadata ?? {};
  return { namespace, pod: name };
}

/** `/metrics/resource`: what metrics-server reads. */
export function resourceMetrics(host: KubeletHost): Family[] {
  const pods = usageOfPods(host);
  const node = usageOfNode(host, pods);
  const at = host.clock.now();
  const ofPods = (measure: (pod: PodUsage) => number): Sample[] =>
    pods.map((pod) => ({ labels: podLabels(pod), value: measure(pod), at }));
  const ofContainers = (measure: (container: PodUsage['containers'][number]) => number, isStamped = true): Sample[] =>
    pods.flatMap((pod) =>
      pod.containers.map((container) => ({
        labels: { ...podLabels(pod), container: container.record.spec.name ?? '' },
        value: measure(container),
        ...(isStamped ? { at } : {}),
      })),
    );
  return [
    {
      name: 'container_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      type: 'counter',
      samples: ofContainers(({ usage }) => usage.cpuNanoseconds / nano),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: '[STABLE] Current working set of the container in bytes',
      type: 'gauge',
      samples: ofContainers(({ usage }) => usage.memoryBytes),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      samples: ofContainers(({ startedAt }) => startedAt / 1000, false),
    },
    {
      name: 'container_swap_usage_bytes',
      help: '[ALPHA] Current amount of the container swap usage in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: ofContainers(() => 0),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      type: 'counter',
      samples: [{ value: node.cpuNanoseconds / nano, at }],
    },
    {
      name: 'node_memory_working_set_bytes',
      help: '[STABLE] Current working set of the node in bytes',
      type: 'gauge',
      samples: [{ value: node.memoryBytes, at }],
    },
    {
      name: 'node_swap_usage_bytes',
      help: '[ALPHA] Current swap usage of the node in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: [{ value: 0, at }],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      type: 'counter',
      samples: ofPods(({ total }) => total.cpuNanoseconds / nano),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: '[STABLE] Current working set of the pod in bytes',
      type: 'gauge',
      samples: ofPods(({ total }) => total.memoryBytes),
    },
    {
      name: 'pod_swap_usage_bytes',
      help: '[ALPHA] Current amount of the pod swap usage in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: ofPods(() => 0),
    },
    {
      name: 'resource_scrape_error',
      help: '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      type: 'gauge',
      samples: [{ value: 0 }],
    },
  ];
}

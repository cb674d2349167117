import type { KubeletHost } from '../server/kubelet-host.ts';
import { inodes } from './disk.ts';
import type { Family } from './metric-text.ts';
import { bytesOfQuantity, smallBytes } from './summary.ts';

function started(host: KubeletHost): Family {
  return {
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
    type: 'gauge',
    samples: [{ value: host.startedAt / 1000 }],
  };
}

/** Claims that pods here use, as `kubelet_volume_stats_…`. */
function volumeMetrics(host: KubeletHost): Family[] {
  const capacity = bytesOfQuantity(host.capacity['ephemeral-storage']);
  const claims = new Map<string, Readonly<Record<string, string>>>();
  for (const { pod } of host.hostedPods()) {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    for (const { name: volume, persistentVolumeClaim, ephemeral } of pod.spec?.volumes ?? []) {
      const claim = persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${name}-${volume}`);
      if (claim !== undefined) claims.set(`${namespace}/${claim}`, { namespace, persistentvolumeclaim: claim });
    }
  }
  const rows: readonly (readonly [name: string, help: string, value: number])[] = [
    ['available_bytes', 'Number of available bytes in the volume', capacity - smallBytes],
    ['capacity_bytes', 'Capacity in bytes of the volume', capacity],
    ['inodes', 'Maximum number of inodes in the volume', inodes],
    ['inodes_free', 'Number of free inodes in the volume', inodes - 1],
    ['inodes_used', 'Number of used inodes in the volume', 1],
    ['used_bytes', 'Number of used bytes in the volume', smallBytes],
  ];
  return rows.map(([name, help, value]) => ({
    name: `kubelet_volume_stats_${name}`,
    help: `[ALPHA] ${help}`,
    type: 'gauge',
    samples: [...claims.values()].map((labels) => ({ labels, value })),
  }));
}

/** `/metrics`. */
export function kubeletMetrics(host: KubeletHost): Family[] {
  const pods = [...host.hostedPods()];
  const states = new Map([
    ['created', 0],
    ['exited', 0],
    ['running', 0],
  ]);
  for (const { state } of pods.flatMap((pod) => pod.containers())) {
    const name = state.is === 'running' ? 'running' : state.is === 'terminated' ? 'exited' : undefined;
    if (name !== undefined) states.set(name, (states.get(name) ?? 0) + 1);
  }
  const running = pods.filter((pod) => pod.containers().some((one) => one.running !== undefined)).length;
  const gauge = (name: string, help: string, value: number): Family => {
    return { name, help, type: 'gauge', samples: [{ value }] };
  };
  const [, minor = ''] = host.kubeletVersion.split('.');
  return [
    started(host),
    {
      name: 'kubelet_node_name',
      help: "[ALPHA] The node's name. The count is always 1.",
      type: 'gauge',
      samples: [{ labels: { node: host.facts().name }, value: 1 }],
    },
    {
      name: 'kubernetes_build_info',
      help: "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      type: 'gauge',
      samples: [
        {
          labels: {
            build_date: '1970-01-01T00:00:00Z',
            compiler: 'node',
            git_commit: '',
            git_tree_state: '',
            git_version: host.kubeletVersion,
            go_version: 'none',
            major: '1',
            minor,
            platform: 'linux/amd64',
          },
          value: 1,
        },
      ],
    },
    gauge('kubelet_running_pods', '[ALPHA] Number of pods that have a running pod sandbox', running),
    {
      name: 'kubelet_running_containers',
      help: '[ALPHA] Number of containers currently running',
      type: 'gauge',
      samples: [...states].map(([state, value]) => ({ labels: { container_state: state }, value })),
    },
    {
      name: 'kubelet_desired_pods',
      help: '[ALPHA] The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.',
      type: 'gauge',
      samples: [{ labels: { static: '' }, value: pods.length }],
    },
    gauge('kubelet_started_pods_errors_total', '[ALPHA] Cumulative number of errors when starting pods', 0),
    ...volumeMetrics(host),
    gauge('kubelet_active_pods', '[ALPHA] The number of pods the kubelet considers active', pods.length),
  ];
}

/** `/metrics/probes`. */
export function probeMetrics(host: KubeletHost): Family[] {
  const samples = [...host.hostedPods()].flatMap((hosted) => {
    const { name: pod = '', namespace = '', uid = '' } = hosted.pod.metadata ?? {};
    return hosted.containers().flatMap(({ spec, probeCounts }) =>
      probeCounts.all().map(({ kind, result, count }) => ({
        labels: { container: spec.name ?? '', namespace, pod, pod_uid: uid, probe_type: kind, result },
        value: count,
      })),
    );
  });
  const help = '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.';
  return [started(host), { name: 'prober_probe_total', help, type: 'counter', samples }];
}

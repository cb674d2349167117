import { parseQuantity } from '../../../api/quantity.ts';
import type { KubeletHost } from '../server/kubelet-host.ts';
import type { Family, Sample } from './metric-text.ts';
import { bytesOfQuantity, smallBytes } from './summary.ts';
import { type PodUsage, usageOfNode, usageOfPods } from './usage.ts';

const nano = 1e9;

interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly startedAt: number;
  readonly container?: PodUsage['containers'][number];
}

function cgroupOf({ hosted }: PodUsage): string {
  const { pod } = hosted;
  const qos = (pod.status?.qosClass ?? 'BestEffort').toLowerCase();
  const folder = qos === 'guaranteed' ? '/kubepods' : `/kubepods/${qos}`;
  return `${folder}/pod${pod.metadata?.uid}`;
}

function rowsOfPod(pod: PodUsage): Row[] {
  const { name = '', namespace = '' } = pod.hosted.pod.metadata ?? {};
  const base = { pod: name, namespace };
  const id = cgroupOf(pod);
  const rows = pod.containers.map((container) => {
    const { record, startedAt, usage } = container;
    const own = record.id.replace(/^.*:\/\//, '');
    const labels = {
      ...base,
      container: record.spec.name ?? '',
      id: `${id}/${own}`,
      image: record.spec.image ?? '',
      name: own,
    };
    const cpuSeconds = usage.cpuNanoseconds / nano;
    return { labels, cpuSeconds, memoryBytes: usage.memoryBytes, startedAt, container };
  });
  const startedAt = Math.min(...pod.containers.map((one) => one.startedAt));
  const { cpuNanoseconds, memoryBytes } = pod.total;
  const labels = { ...base, container: '', id, image: '', name: '' };
  return [{ labels, cpuSeconds: cpuNanoseconds / nano, memoryBytes, startedAt }, ...rows];
}

function milliOf(text: string | undefined): number {
  return text === undefined ? 0 : Number(parseQuantity(text).milliValue());
}

/** `/metrics/cadvisor`: what dashboards and recording rules of Prometheus read. */
export function containerMetrics(host: KubeletHost): Family[] {
  const pods = usageOfPods(host);
  const node = usageOfNode(host, pods);
  const at = host.clock.now();
  const root: Row = {
    labels: { container: '', id: '/', image: '', name: '', namespace: '', pod: '' },
    cpuSeconds: node.cpuNanoseconds / nano,
    memoryBytes: node.memoryBytes,
    startedAt: host.startedAt,
  };
  const rows = [root, ...pods.flatMap(rowsOfPod)];
  const containers = rows.filter(({ container }) => container !== undefined);
  const samples = (
    measure: (row: Row) => number,
    more: Readonly<Record<string, string>> = {},
    of: readonly Row[] = rows,
  ): Sample[] => of.map((row) => ({ labels: { ...row.labels, ...more }, value: measure(row), at }));
  const family = (type: Family['type'], name: string, help: string, its: readonly Sample[]): Family => ({
    type,
    name,
    help,
    samples: its,
  });
  const memory = (row: Row): number => row.memoryBytes;
  const none = (): number => 0;
  const limits = (row: Row) => row.container?.record.spec.resources?.limits ?? {};
  const requests = (row: Row) => row.container?.record.spec.resources?.requests ?? {};
  const machine = { boot_id: host.facts().name, machine_id: host.facts().name, system_uuid: host.facts().name };
  const ofMachine = (value: number): Sample[] => [{ labels: machine, value }];
  const networks = rows.filter(({ container, labels }) => container === undefined && labels['id'] !== '/');
  const limited = containers.filter((row) => limits(row)['cpu'] !== undefined);
  const shares = (row: Row): number => Math.max(2, Math.floor((milliOf(requests(row)['cpu']) * 1024) / 1000));
  const network = (direction: string, what: string, words: string): Family =>
    family(
      'counter',
      `container_network_${direction}_${what}_total`,
      `Cumulative count of ${words}`,
      samples(none, { interface: 'eth0' }, networks),
    );
  return [
    family('gauge', 'cadvisor_version_info', 'Where these figures come from: the simulated runtime.', [
      {
        labels: { cadvisorRevision: '', cadvisorVersion: '', dockerVersion: '', kernelVersion: '', osVersion: '' },
        value: 1,
      },
    ]),
    family(
      'counter',
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed in seconds.',
      samples(({ cpuSeconds }) => cpuSeconds, { cpu: 'total' }),
    ),
    family(
      'counter',
      'container_cpu_user_seconds_total',
      'Cumulative user cpu time consumed in seconds.',
      samples(({ cpuSeconds }) => cpuSeconds),
    ),
    family(
      'counter',
      'container_cpu_system_seconds_total',
      'Cumulative system cpu time consumed in seconds.',
      samples(none),
    ),
    family(
      'counter',
      'container_cpu_cfs_periods_total',
      'Number of elapsed enforcement period intervals.',
      samples(none, {}, limited),
    ),
    family(
      'counter',
      'container_cpu_cfs_throttled_periods_total',
      'Number of throttled period intervals.',
      samples(none, {}, limited),
    ),
    family(
      'counter',
      'container_cpu_cfs_throttled_seconds_total',
      'Total time duration the container has been throttled.',
      samples(none, {}, limited),
    ),
    family(
      'gauge',
      'container_last_seen',
      'Last time a container was seen by the exporter',
      samples(() => Math.floor(at / 1000)),
    ),
    family('gauge', 'container_memory_working_set_bytes', 'Current working set in bytes.', samples(memory)),
    family(
      'gauge',
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      samples(memory),
    ),
    family('gauge', 'container_memory_max_usage_bytes', 'Maximum memory usage recorded in bytes', samples(memory)),
    family('gauge', 'container_memory_rss', 'Size of RSS in bytes.', samples(memory)),
    family('gauge', 'container_memory_cache', 'Number of bytes of page cache memory.', samples(none)),
    family('gauge', 'container_memory_swap', 'Container swap usage in bytes.', samples(none)),
    family('counter', 'container_memory_failcnt', 'Number of memory usage hits limits', samples(none)),
    family(
      'counter',
      'container_oom_events_total',
      'Count of out of memory events observed for the container',
      samples(none),
    ),
    family(
      'gauge',
      'container_processes',
      'Number of processes running inside the container.',
      samples(() => 1),
    ),
    family(
      'gauge',
      'container_threads',
      'Number of threads running inside the container',
      samples(() => 1),
    ),
    family(
      'gauge',
      'container_fs_usage_bytes',
      'Number of bytes that are consumed by the container on this filesystem.',
      samples(({ container }) => smallBytes + (container?.record.running?.written?.().bytes ?? 0), {
        device: '/dev/vda1',
      }),
    ),
    family(
      'gauge',
      'container_fs_limit_bytes',
      'Number of bytes that can be consumed by the container on this filesystem.',
      samples(() => bytesOfQuantity(host.capacity['ephemeral-storage']), { device: '/dev/vda1' }),
    ),
    network('receive', 'bytes', 'bytes received'),
    network('receive', 'packets', 'packets received'),
    network('receive', 'packets_dropped', 'packets dropped while receiving'),
    network('receive', 'errors', 'errors encountered while receiving'),
    network('transmit', 'bytes', 'bytes transmitted'),
    network('transmit', 'packets', 'packets transmitted'),
    network('transmit', 'packets_dropped', 'packets dropped while transmitting'),
    network('transmit', 'errors', 'errors encountered while transmitting'),
    family('gauge', 'container_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise', [
      { value: 0 },
    ]),
    family(
      'gauge',
      'container_start_time_seconds',
      'Start time of the container since unix epoch in seconds.',
      samples(({ startedAt }) => Math.floor(startedAt / 1000)),
    ),
    family(
      'gauge',
      'container_spec_cpu_period',
      'CPU period of the container.',
      samples(() => 100_000, {}, containers),
    ),
    family(
      'gauge',
      'container_spec_cpu_quota',
      'CPU quota of the container.',
      samples((row) => milliOf(limits(row)['cpu']) * 100, {}, limited),
    ),
    family('gauge', 'container_spec_cpu_shares', 'CPU share of the container.', samples(shares, {}, containers)),
    family(
      'gauge',
      'container_spec_memory_limit_bytes',
      'Memory limit for the container.',
      samples((row) => bytesOfQuantity(limits(row)['memory']), {}, containers),
    ),
    family(
      'gauge',
      'container_spec_memory_reservation_limit_bytes',
      'Memory reservation limit for the container.',
      samples(none, {}, containers),
    ),
    family(
      'gauge',
      'container_spec_memory_swap_limit_bytes',
      'Memory swap limit for the container.',
      samples(none, {}, containers),
    ),
    family(
      'gauge',
      'machine_cpu_cores',
      'Number of logical CPU cores.',
      ofMachine(milliOf(host.capacity['cpu']) / 1000),
    ),
    family(
      'gauge',
      'machine_cpu_physical_cores',
      'Number of physical CPU cores.',
      ofMachine(milliOf(host.capacity['cpu']) / 1000),
    ),
    family('gauge', 'machine_cpu_sockets', 'Number of CPU sockets.', ofMachine(1)),
    family(
      'gauge',
      'machine_memory_bytes',
      'Amount of memory installed on the machine.',
      ofMachine(bytesOfQuantity(host.capacity['memory'])),
    ),
    family('gauge', 'machine_swap_bytes', 'Amount of swap memory available on the machine.', ofMachine(0)),
    family('gauge', 'machine_scrape_error', '1 if there was an error while getting machine metrics, 0 otherwise.', [
      { value: 0 },
    ]),
  ];
}

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ResourceTable } from '../registry/resources.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Observation } from './pipeline.ts';

export interface MetricsOptions {
  readonly resources: ResourceTable;
  readonly store: ObjectStore;
  readonly release: string;
}

export interface Metrics {
  observe(observation: Observation): void;
  text(): Promise<string>;
}

const requestLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;
const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

interface Series {
  readonly total: { inc(): void };
  readonly duration: { observe(seconds: number): void };
}

function scopeOf({ info, verb }: Observation): string {
  if (info === undefined) return '';
  if (info.name !== '' || verb === 'create') return 'resource';
  return info.namespace === '' ? 'cluster' : 'namespace';
}

const upperVerbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};

/** Counters under upstream's names. Gauges are read from the server when somebody asks. */
export function createMetrics({ resources, store, release }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const total = new Counter({
    name: 'apiserver_request_total',
    registers,
    labelNames: [...requestLabels, 'code', 'dry_run'],
    help: 'Requests by verb, resource, scope and HTTP code.',
  });
  const duration = new Histogram({
    name: 'apiserver_request_duration_seconds',
    registers,
    labelNames: [...requestLabels, 'dry_run'],
    buckets: durationBuckets,
    help: 'Latency of requests in seconds.',
  });
  const watchLists = new Histogram({
    name: 'apiserver_watch_list_duration_seconds',
    registers,
    labelNames: ['group', 'version', 'resource', 'scope'],
    buckets: [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
    help: 'Watches that began with the objects present: seconds until these were there to send.',
  });
  new Gauge({
    name: 'apiserver_resource_objects',
    registers,
    labelNames: ['group', 'resource'],
    help: 'Stored objects by resource.',
    collect() {
      for (const { group, resource, cache } of resources.allStored) this.set({ group, resource }, cache.entries.size);
    },
  });
  new Gauge({
    name: 'apiserver_storage_objects',
    registers,
    labelNames: ['resource'],
    help: 'Stored objects by resource (older name).',
    collect() {
      for (const { group, resource, cache } of resources.allStored)
        this.set({ resource: group === '' ? resource : `${resource}.${group}` }, cache.entries.size);
    },
  });
  new Gauge({
    name: 'apiserver_longrunning_requests',
    registers,
    labelNames: requestLabels,
    help: 'Open watches.',
    collect() {
      for (const { group, resource, version, cache } of resources.allStored) {
        if (cache.watcherCount > 0)
          this.set(
            { verb: 'WATCH', group, version, resource, subresource: '', scope: 'cluster', component: 'apiserver' },
            cache.watcherCount,
          );
      }
    },
  });
  new Gauge({
    name: 'apiserver_watch_cache_resource_version',
    registers,
    labelNames: ['group', 'resource'],
    help: 'Newest revision that watch caches have.',
    collect() {
      for (const { group, resource } of resources.allStored) this.set({ group, resource }, store.revision);
    },
  });
  const [major = '', minor = ''] = release.replace(/^v/, '').split('.');
  new Gauge({
    name: 'kubernetes_build_info',
    registers,
    labelNames: ['major', 'minor', 'git_version', 'platform'],
    help: 'Always 1; labels name the version.',
  }).set({ major, minor, git_version: release, platform: process.platform }, 1);
  new Gauge({
    name: 'process_resident_memory_bytes',
    registers,
    help: 'Resident memory in bytes.',
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Counter({
    name: 'process_cpu_seconds_total',
    registers,
    help: 'User and system CPU time in seconds.',
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });

  // Labels of a series are put together once: the same few come with every request.
  const series = new Map<string, Series>();
  const seriesOf = (observation: Observation): Series => {
    const { info, verb, code } = observation;
    const scope = scopeOf(observation);
    const key = `${verb} ${code} ${scope} ${info?.group} ${info?.version} ${info?.resource} ${info?.subresource}`;
    const known = series.get(key);
    if (known !== undefined) return known;
    const labels = {
      verb: upperVerbs[verb] ?? verb,
      scope,
      component: 'apiserver',
      group: info?.group ?? '',
      version: info?.version ?? '',
      resource: info?.resource ?? '',
      subresource: info?.subresource ?? '',
    };
    const made = {
      total: total.labels({ ...labels, code: String(code), dry_run: '' }),
      duration: duration.labels({ ...labels, dry_run: '' }),
    };
    series.set(key, made);
    return made;
  };
  return {
    observe(observation) {
      // Unknown resources come from clients' imagination: they would make series without bound.
      if (
        observation.info !== undefined &&
        observation.code === 404 &&
        resources.served(observation.info.group, observation.info.version, observation.info.resource) === undefined
      )
        return;
      const { total: count, duration: time } = seriesOf(observation);
      count.inc();
      const { info, verb, query, code, seconds } = observation;
      if (verb !== 'watch') time.observe(seconds);
      else if (info !== undefined && code === 200 && query.includes('sendInitialEvents=true')) {
        const { group, version, resource } = info;
        watchLists.labels({ group, version, resource, scope: scopeOf(observation) }).observe(seconds);
      }
    },
    text: () => registry.metrics(),
  };
}

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../runtime/framework/metrics.ts';

export interface RuntimeMetrics extends Metrics {
  /** As Prometheus reads it. */
  text(): Promise<string>;
}

/** Counts what controllers, scheduler and nodes of this process do. A name that is asked for twice is one metric. */
export function createRuntimeMetrics(): RuntimeMetrics {
  const registry = new Registry();
  const registers = [registry];
  const known = new Map<string, (labels: Readonly<Record<string, string>>, value?: number) => void>();
  const once = <T extends (labels: Readonly<Record<string, string>>, value?: number) => void>(
    name: string,
    make: () => T,
  ): T => {
    const present = (known.get(name) as T | undefined) ?? make();
    known.set(name, present);
    return present;
  };
  return {
    counter: ({ name, help, labels }) =>
      once(name, () => {
        const counter = new Counter({ name, help, labelNames: labels, registers });
        return (of, by = 1) => counter.inc(of, by);
      }),
    histogram: ({ name, help, labels, buckets }) =>
      once(name, () => {
        const histogram = new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers });
        return (of: Readonly<Record<string, string>>, value = 0) => histogram.observe(of, value);
      }),
    gauge: ({ name, help, labels }, read) => {
      new Gauge({
        name,
        help,
        labelNames: labels,
        registers,
        collect() {
          this.reset();
          for (const [of, value] of read()) this.set(of, value);
        },
      });
    },
    text: () => registry.metrics(),
  };
}

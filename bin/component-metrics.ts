import type { ApiClient } from '../api/client.ts';
import { type Metrics, noMetrics } from '../runtime/framework/metrics.ts';
import { UsageError } from './options.ts';

export interface ComponentFlags {
  readonly 'secure-port'?: string | undefined;
  readonly 'bind-address'?: string | undefined;
}

/** Where a component counts; served with `--secure-port`, whose default is to serve nothing. */
export async function openComponentMetrics(flags: ComponentFlags, client: ApiClient, name: string): Promise<Metrics> {
  const text = flags['secure-port'] ?? '0';
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--secure-port is a port, not ${text}`);
  if (port === 0) return noMetrics;
  const { createRuntimeMetrics } = await import('./runtime-metrics.ts');
  const { serveComponent } = await import('./component-server.ts');
  const metrics = createRuntimeMetrics();
  const bindAddress = flags['bind-address'] ?? '127.0.0.1';
  const server = await serveComponent({ name, bindAddress, port, client, metrics: () => metrics.text() });
  // It ends with the process.
  server.unref();
  return metrics;
}

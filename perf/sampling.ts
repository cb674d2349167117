import { treeUsage, type Usage } from './processes.ts';
import type { Sample } from './results.ts';

const none: Usage = { rssBytes: 0, cpuSeconds: 0 };

/** Takes the use of a server's process tree and of the clients' at an interval, for as long as something is done. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #pids: readonly number[];
  readonly #begin: number;
  #clients: readonly number[] = [];
  #doing = '';
  #last: { readonly at: number; readonly server: Usage; readonly clients: Usage } | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `begin` is the zero of all times, so that those of several servers fit. */
  constructor(pids: readonly number[], begin: number) {
    this.#pids = pids;
    this.#begin = begin;
  }

  usage(): Usage | undefined {
    return this.#pids.length === 0 ? undefined : treeUsage(this.#pids);
  }

  /** Samples until the returned value is disposed of, which gives the peak of the memory. */
  during(doing: string, intervalMs = 250): { clients(pid: number): void; end(): number } {
    this.#doing = doing;
    this.#clients = [];
    this.#last = undefined;
    const first = this.samples.length;
    this.#take();
    this.#timer = setInterval(() => this.#take(), intervalMs);
    return {
      clients: (pid) => {
        this.#clients = [pid];
      },
      end: () => {
        clearInterval(this.#timer);
        this.#take();
        return Math.max(0, ...this.samples.slice(first).map((sample) => sample.rssBytes));
      },
    };
  }

  #take(): void {
    if (this.#pids.length === 0) return;
    const at = performance.now();
    const [server, clients] = [treeUsage(this.#pids), this.#clients.length === 0 ? none : treeUsage(this.#clients)];
    const last = this.#last;
    this.#last = { at, server, clients };
    if (last === undefined || at - last.at < 50) return;
    const seconds = (at - last.at) / 1000;
    this.samples.push({
      atMs: Math.round(at - this.#begin),
      doing: this.#doing,
      rssBytes: server.rssBytes,
      processors: (server.cpuSeconds - last.server.cpuSeconds) / seconds,
      clientRssBytes: clients.rssBytes,
      clientProcessors: Math.max(0, clients.cpuSeconds - last.clients.cpuSeconds) / seconds,
    });
  }
}

import type { ApiClient } from '../../api/client.ts';
import type { Clock, Random } from '../../api/clock.ts';
import { Discovery } from '../client/discovery.ts';
import { Informers } from '../client/informers.ts';
import type { ControllerDefinition, RunningController } from './controller.ts';
import { EventSink } from './event-recorder.ts';
import { type Metrics, noMetrics, observeQueues } from './metrics.ts';
import type { ControllerManagerOptions } from './options.ts';

export interface ManagerDeps {
  /** A client for each controller, so that each acts under its own name. */
  clientFor(controller: string): ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: ControllerManagerOptions;
  readonly metrics?: Metrics;
  onError(error: unknown, controller: string): void;
}

export interface RunningManager {
  readonly controllers: readonly RunningController[];
  readonly informers: Informers;
  close(): Promise<void>;
}

/** As `--controllers` is read: `*` names all that are not off by default, `-name` takes one out, `name` puts one in. */
export function chosenControllers(
  definitions: readonly ControllerDefinition[],
  names: readonly string[],
): readonly ControllerDefinition[] {
  return definitions.filter(({ name, isOffByDefault }) => {
    if (names.includes(name)) return true;
    if (names.includes(`-${name}`)) return false;
    return names.includes('*') && isOffByDefault !== true;
  });
}

/** Runs controllers on one set of informers and one sink of events. */
export function startManager(definitions: readonly ControllerDefinition[], deps: ManagerDeps): RunningManager {
  const { clock, random, options, metrics = noMetrics, onError } = deps;
  const stop = new AbortController();
  const client = deps.clientFor('kube-controller-manager');
  const informers = new Informers(
    { client, clock, onError: (error, { resource }) => onError(error, `informer of ${resource}`) },
    stop.signal,
  );
  const discovery = new Discovery(client);
  const events = new EventSink({ client, clock });
  const controllers = definitions.map((definition) =>
    definition.start(
      {
        client: deps.clientFor(definition.name),
        informers,
        discovery,
        clock,
        random,
        options,
        metrics,
        recorder: (component, host) => events.recorder(component, host),
        onError,
      },
      stop.signal,
    ),
  );
  observeQueues(metrics, controllers);
  return {
    controllers,
    informers,
    close: async () => {
      stop.abort();
      events.close();
      await Promise.all([informers.ended(), ...controllers.map(({ ended }) => ended)]);
    },
  };
}

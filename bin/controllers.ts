import type { ApiClient } from '../api/client.ts';
import type { RunningManager } from '../runtime/framework/manager.ts';
import { type ControllerManagerOptions, defaultOptions } from '../runtime/framework/options.ts';
import { systemClock, systemRandom } from './system.ts';

export interface ControllersSetup {
  /** As `--controllers`. */
  readonly names: readonly string[];
  readonly options: Pick<ControllerManagerOptions, 'rootCA'> & Partial<ControllerManagerOptions>;
  clientFor(controller: string): ApiClient;
  onError(error: unknown, controller: string): void;
}

/** Nothing of the controllers is loaded where none is to run. */
export async function openControllers(setup: ControllersSetup): Promise<RunningManager | undefined> {
  const { names, options, clientFor, onError } = setup;
  if (!names.some((name) => !name.startsWith('-'))) return undefined;
  const { chosenControllers, startManager } = await import('../runtime/framework/manager.ts');
  const { controllerDefinitions } = await import('../runtime/controllers/catalog.ts');
  return startManager(chosenControllers(controllerDefinitions, names), {
    clientFor,
    clock: systemClock,
    random: systemRandom,
    options: { ...defaultOptions, ...options },
    onError,
  });
}

import type { ApiClient } from '../api/client.ts';
import type { ControllerDefinition } from '../runtime/framework/controller.ts';
import type { RunningManager } from '../runtime/framework/manager.ts';
import { type ControllerManagerOptions, defaultOptions } from '../runtime/framework/options.ts';
import type { SigningKeys } from './signing.ts';
import { systemClock, systemRandom } from './system.ts';

export interface ControllersSetup {
  /** As `--controllers`. */
  readonly names: readonly string[];
  /** Whether pods are given nodes, too. */
  readonly scheduler: boolean;
  /** How many simulated nodes, and which version they say they are. */
  readonly nodes: number;
  readonly release: string;
  readonly options: Pick<ControllerManagerOptions, 'rootCA'> & Partial<ControllerManagerOptions>;
  readonly keys: SigningKeys;
  clientFor(controller: string): ApiClient;
  onError(error: unknown, controller: string): void;
}

/** Nothing of the controllers and the scheduler is loaded where none is to run. */
export async function openControllers(setup: ControllersSetup): Promise<RunningManager | undefined> {
  const { names, scheduler, nodes, release, options, keys, clientFor, onError } = setup;
  const hasControllers = names.some((name) => !name.startsWith('-'));
  if (!hasControllers && !scheduler && nodes === 0) return undefined;
  const { createSigning } = await import('./signing.ts');
  const { chosenControllers, startManager } = await import('../runtime/framework/manager.ts');
  const definitions = hasControllers ? (await import('../runtime/controllers/catalog.ts')).controllerDefinitions : [];
  const scheduling = scheduler ? [(await import('../runtime/scheduler/definition.ts')).schedulerDefinition()] : [];
  const kubelets = nodes > 0 ? [await simulatedNodes(nodes, release)] : [];
  return startManager([...chosenControllers(definitions, names), ...scheduling, ...kubelets], {
    clientFor,
    clock: systemClock,
    random: systemRandom,
    options: { ...defaultOptions, signing: createSigning(keys), ...options },
    onError,
  });
}

async function simulatedNodes(count: number, kubeletVersion: string): Promise<ControllerDefinition> {
  const { kubeletsDefinition } = await import('../runtime/kubelet/start.ts');
  const { createSimulatedRuntime } = await import('../runtime/simulated/simulated-runtime.ts');
  const { createNetwork } = await import('../runtime/network/create-network.ts');
  const network = createNetwork({ hostIp: '172.18.255.254' });
  return kubeletsDefinition({
    count,
    kubeletVersion,
    createRuntime: (context) => createSimulatedRuntime({ ...context, network }),
  });
}

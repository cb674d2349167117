import type { ContainerRecord } from './container-record.ts';
import { ContainerConfigError } from './environment/container-config-error.ts';
import type { ImageManager } from './image-manager.ts';
import {
  type ContainerConfig,
  ImageError,
  type Pod,
  type RegistryCredential,
  type StartedContainer,
} from './pod-runtime.ts';
import { StartFailure } from './start-failure.ts';

export interface ContainerStarter {
  readonly images: ImageManager;
  pod(): Readonly<Pod>;
  /** For the pod's images. */
  credentials(): Promise<readonly RegistryCredential[]>;
  configOf(record: ContainerRecord): Promise<ContainerConfig>;
  start(record: ContainerRecord, config: ContainerConfig): Promise<StartedContainer>;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** One try to start a container; throws StartFailure. */
export async function startContainer(record: ContainerRecord, starter: ContainerStarter): Promise<StartedContainer> {
  const { images, event } = starter;
  const { image = '', imagePullPolicy = 'IfNotPresent' } = record.spec;
  try {
    const credentials = await starter.credentials();
    const facts = await images.ensure({ pod: starter.pod(), image, policy: imagePullPolicy, credentials, event });
    const config = await starter.configOf(record).catch((error: unknown) => {
      throw error instanceof ContainerConfigError ? new StartFailure(error.reason, error.message) : error;
    });
    const running = await starter.start(record, config);
    record.image = facts.name;
    return running;
  } catch (error) {
    const failure = failureOf(error);
    event('Warning', 'Failed', `Error: ${failure.words}`);
    throw failure;
  }
}

function failureOf(error: unknown): StartFailure {
  if (error instanceof StartFailure) return error;
  if (error instanceof ImageError) return new StartFailure(error.reason, error.message, error.reason);
  return new StartFailure('CreateContainerError', error instanceof Error ? error.message : String(error));
}

import type { Clock } from '../../api/clock.ts';
import { goQuote } from '../../api/go-text.ts';
import { ImageError, type ImageFacts, type ImageStore, type Pod, type RegistryCredential } from './pod-runtime.ts';
import { StartFailure } from './start-failure.ts';

const firstBackOffMs = 10_000;
const maxBackOffMs = 300_000;

export interface ImageRequest {
  readonly pod: Readonly<Pod>;
  readonly image: string;
  readonly policy: string;
  /** Of the pod's secrets. */
  readonly credentials?: readonly RegistryCredential[];
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

interface BackOff {
  readonly ms: number;
  readonly since: number;
  readonly message: string;
}

/** Sees to it that images are on the node before containers of them start. */
export class ImageManager {
  readonly #clock: Clock;
  readonly #store: ImageStore;
  readonly #node: string;
  /** By pod and image. */
  readonly #backOffs = new Map<string, BackOff>();

  readonly #onPulled: ((image: ImageFacts) => void) | undefined;

  constructor(clock: Clock, store: ImageStore, node: string, onPulled?: (image: ImageFacts) => void) {
    this.#clock = clock;
    this.#store = store;
    this.#node = node;
    this.#onPulled = onPulled;
  }

  /** Throws StartFailure. */
  async ensure(request: ImageRequest): Promise<ImageFacts> {
    const { image, policy, event, credentials } = request;
    const found = policy === 'Always' ? undefined : this.#store.find(this.#node, image, credentials);
    if (found !== undefined) {
      const how = 'already present on machine and can be accessed by the pod';
      event('Normal', 'Pulled', `Container image ${goQuote(image)} ${how}`);
      return found;
    }
    if (policy === 'Never') {
      const message = `Container image ${goQuote(image)} is not present with pull policy of Never`;
      event('Warning', 'ErrImageNeverPull', message);
      throw new StartFailure('ErrImageNeverPull', message, 'ErrImageNeverPull');
    }
    return this.#pull(request);
  }

  /** When the image may be pulled again; undefined: now. */
  retryAt({ metadata }: Readonly<Pod>, image: string): number | undefined {
    const known = this.#backOffs.get(`${metadata?.uid}_${image}`);
    return known === undefined ? undefined : known.since + known.ms;
  }

  /** A pod has gone. */
  forget({ metadata }: Readonly<Pod>): void {
    for (const key of this.#backOffs.keys()) if (key.startsWith(`${metadata?.uid}_`)) this.#backOffs.delete(key);
  }

  async #pull({ pod, image, event, credentials }: ImageRequest): Promise<ImageFacts> {
    const key = `${pod.metadata?.uid}_${image}`;
    const before = this.#backOffs.get(key);
    const startedAt = this.#clock.now();
    if (before !== undefined && startedAt - before.since < before.ms) {
      const message = `Back-off pulling image ${goQuote(image)}`;
      event('Normal', 'BackOff', message);
      throw new StartFailure('ImagePullBackOff', `${message}: ${before.message}`, 'ImagePullBackOff');
    }
    event('Normal', 'Pulling', `Pulling image ${goQuote(image)}`);
    try {
      const pulled = await this.#store.pull(this.#node, image, pod, credentials);
      this.#backOffs.delete(key);
      this.#onPulled?.(pulled);
      const took = durationText(this.#clock.now() - startedAt);
      const size = `Image size: ${pulled.sizeBytes} bytes.`;
      event(
        'Normal',
        'Pulled',
        `Successfully pulled image ${goQuote(image)} in ${took} (${took} including waiting). ${size}`,
      );
      return pulled;
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      const { reason, message } = error;
      // A name that is none is found out before anything is asked of a registry.
      if (reason === 'InvalidImageName') {
        const words = `Failed to apply default image tag ${goQuote(image)}: ${message}`;
        event('Warning', 'InspectFailed', words);
        throw new StartFailure('InvalidImageName', words, 'InvalidImageName');
      }
      event('Warning', 'Failed', `Failed to pull image ${goQuote(image)}: ${message}`);
      const ms = before === undefined ? firstBackOffMs : Math.min(before.ms * 2, maxBackOffMs);
      this.#backOffs.set(key, { ms, since: this.#clock.now(), message: `${reason}: ${message}` });
      throw new StartFailure(reason, message, reason);
    }
  }
}

/** As Go prints a time.Duration of whole milliseconds. */
export function durationText(ms: number): string {
  if (ms === 0) return '0s';
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}

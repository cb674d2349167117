import { sleep } from '../../client/sleep.ts';
import type { EventRecorder, ObjectReference } from '../../framework/event-recorder.ts';
import type { Pod } from '../pod-runtime.ts';
import { ClaimError } from './claims.ts';
import type { FollowedObjects } from './followed-objects.ts';
import { type OpenVolume, openVolume, type Volume, type VolumeDeps, type VolumePlace } from './open-volume.ts';
import { PodObjects } from './pod-objects.ts';
import { messageOf, VolumeError } from './volume-error.ts';

const firstRetryMs = 500;
const maxRetryMs = 122_000;
const lookMs = 300;
const firstClaimRetryMs = 1000;
const maxClaimRetryMs = 15_000;

/** The volumes of one pod, by their names. */
export interface PodVolumes {
  readonly volumes: ReadonlyMap<string, OpenVolume>;
  /** Makes those that only a container uses that came later. */
  more(): Promise<void>;
  /** Nothing of them is followed any more. */
  close(): void;
}

export interface PodVolumesDeps extends VolumeDeps {
  readonly objects: FollowedObjects;
  readonly recorder: EventRecorder;
}

interface Used {
  readonly mounted: ReadonlySet<string>;
  readonly devices: ReadonlySet<string>;
}

function usedVolumes({ spec }: Readonly<Pod>): Used {
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  const names = (list: readonly { readonly name?: string }[]) => list.map(({ name = '' }) => name);
  return {
    mounted: new Set([
      ...containers.flatMap(({ volumeMounts = [] }) => names(volumeMounts)),
      ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.fileKeyRef?.volumeName ?? '')),
    ]),
    devices: new Set(containers.flatMap(({ volumeDevices = [] }) => names(volumeDevices))),
  };
}

/** One pod's volumes on their way. */
class Opening {
  readonly #deps: PodVolumesDeps;
  readonly #place: VolumePlace;
  readonly #about: () => ObjectReference;
  #used: Used = { mounted: new Set(), devices: new Set() };
  #wanted: readonly Volume[] = [];
  readonly volumes: Map<string, OpenVolume>;

  constructor(
    volumes: Map<string, OpenVolume>,
    place: VolumePlace,
    about: () => ObjectReference,
    deps: PodVolumesDeps,
  ) {
    this.volumes = volumes;
    this.#deps = deps;
    this.#place = place;
    this.#about = about;
  }

  /** Tries until all that are used and not there yet are, or `signal` aborts. */
  async all(signal: AbortSignal): Promise<void> {
    const pod = this.#place.pod();
    this.#used = usedVolumes(pod);
    const { mounted, devices } = this.#used;
    this.#wanted = (pod.spec?.volumes ?? []).filter(
      ({ name = '' }) => !this.volumes.has(name) && (mounted.has(name) || devices.has(name)),
    );
    await Promise.all(this.#wanted.map((volume) => this.#one(volume, signal)));
  }

  async #one(volume: Volume, signal: AbortSignal): Promise<void> {
    const { name = '' } = volume;
    const use = { isMounted: this.#used.mounted.has(name), isDevice: this.#used.devices.has(name) };
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        this.volumes.set(name, await openVolume(volume, use, this.#place));
        return;
      } catch (error) {
        if (signal.aborted) return;
        await this.#complain(name, error, failures, signal);
      }
    }
  }

  async #complain(name: string, error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { recorder, clock, onError } = this.#deps;
    if (error instanceof ClaimError) {
      // The others are on their way.
      await sleep(clock, lookMs, signal);
      const missing = this.#wanted.map((one) => one.name ?? '').filter((one) => !this.volumes.has(one));
      const list = missing.toSorted().join(' ');
      const message = `Unable to attach or mount volumes: unmounted volumes=[${list}], unattached volumes=[], failed to process volumes=[${name}]: ${error.message}`;
      recorder.record(this.#about(), 'Warning', 'FailedMount', message);
      await sleep(clock, Math.min(firstClaimRetryMs * 2 ** failures, maxClaimRetryMs), signal);
      return;
    }
    if (!(error instanceof VolumeError)) onError(error);
    const shown = error instanceof VolumeError ? (error.volume ?? name) : name;
    const message = `MountVolume.SetUp failed for volume "${shown}" : ${messageOf(error)}`;
    recorder.record(this.#about(), 'Warning', 'FailedMount', message);
    await this.#wait(Math.min(firstRetryMs * 2 ** failures, maxRetryMs), signal);
  }

  /** Until it is time to try again, or an object that a volume is made of has changed. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    await Promise.race([sleep(this.#deps.clock, ms, either), this.#place.objects.changed(either)]);
    done.abort();
  }
}

/**
 * Makes a pod's volumes, and tries again until all are there: what is wrong is told by events. Undefined: `signal` aborted before.
 * `pod` is the pod as it is whenever it is asked.
 */
export async function openPodVolumes(
  pod: () => Readonly<Pod>,
  about: () => ObjectReference,
  deps: PodVolumesDeps,
  signal: AbortSignal,
): Promise<PodVolumes | undefined> {
  const objects = new PodObjects(pod().metadata?.namespace ?? '', deps.objects);
  const volumes = new Map<string, OpenVolume>();
  // Nothing of the way there is kept.
  const open = (): Promise<void> => new Opening(volumes, { ...deps, pod, objects }, about, deps).all(signal);
  await open();
  if (!signal.aborted) return { volumes, more: open, close: () => objects.close() };
  objects.close();
  return undefined;
}

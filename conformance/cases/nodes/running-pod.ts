import { setTimeout as sleep } from 'node:timers/promises';
import type { CaseContext } from '../../runner/context.ts';

export const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';
export const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';

/** A real kubelet looks at some things once in a while only. */
const patienceMs = 60_000;

export interface ContainerState {
  readonly running?: { readonly startedAt: string };
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly message?: string };
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly resources?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly allocatedResources?: Readonly<Record<string, string>>;
}

export interface PodStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
}

/** A container that runs a shell's text. */
export function shell(name: string, script: string, more: object = {}): object {
  return { name, image: busybox, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', script], ...more };
}

/** Stays, and ends when it is told to. */
export const idle = 'trap "exit 0" TERM; while true; do sleep 0.1; done';

/** A pod under test. */
export interface RunningPod {
  readonly path: string;
  status(): Promise<PodStatus>;
  container(name: string): Promise<ContainerStatus | undefined>;
  until(what: string, isSo: (status: PodStatus) => boolean): Promise<PodStatus>;
  /** `Reason: message` of all events about it. */
  events(): Promise<string[]>;
  untilEvent(text: string | RegExp): Promise<void>;
  remove(): Promise<void>;
}

export function ofContainer(status: PodStatus, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status;
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return all.find((one) => one.name === name);
}

/** As long as a real kubelet may take. */
export async function patiently(c: CaseContext, what: string, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await check())) {
    c.ok(Date.now() < end, `not within ${patienceMs / 1000} s: ${what}`);
    await sleep(100);
  }
}

export async function runPod(c: CaseContext, spec: object, name = 'a'): Promise<RunningPod> {
  const namespace = await c.namespace();
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const body = { metadata: { name }, spec: { terminationGracePeriodSeconds: 1, ...spec } };
  await c.post(pods, body, { unstable: true });
  const path = `${pods}/${name}`;
  const status = async (): Promise<PodStatus> => {
    const { body: read } = await c.get(path, { unstable: true });
    return (read as { readonly status: PodStatus }).status;
  };
  const events = async (): Promise<string[]> => {
    const selector = encodeURIComponent(`involvedObject.name=${name}`);
    const { body: read } = await c.get(`/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`, {
      unstable: true,
    });
    const { items } = read as { readonly items: readonly { readonly reason: string; readonly message: string }[] };
    return items.map(({ reason, message }) => `${reason}: ${message}`);
  };
  return {
    path,
    status,
    container: async (of) => ofContainer(await status(), of),
    until: async (what, isSo) => {
      let latest = await status();
      await patiently(c, what, async () => {
        latest = await status();
        return isSo(latest);
      });
      return latest;
    },
    events,
    untilEvent: (text) =>
      patiently(c, `event ${text}`, async () =>
        (await events()).some((event) => (typeof text === 'string' ? event.includes(text) : text.test(event))),
      ),
    remove: async () => {
      await c.delete(path, { unstable: true });
      await c.eventually('the pod has gone', async () => {
        return (await c.get(path, { status: [200, 404], unstable: true })).status === 404;
      });
    },
  };
}

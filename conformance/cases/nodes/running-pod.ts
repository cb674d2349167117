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
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly hostIP?: string;
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
  /** What it has said; `query` selects of it. */
  log(query?: string): Promise<string>;
  /** The log of a pod that goes on says it sooner or later; there may be none yet. */
  untilLog(what: string, isSo: (log: string) => boolean, query?: string): Promise<void>;
  /** The name of its node. */
  node(): Promise<string>;
  remove(): Promise<void>;
}

export const hasEnded = ({ phase }: PodStatus): boolean => phase === 'Succeeded' || phase === 'Failed';

export const isReady = ({ conditions = [] }: PodStatus): boolean =>
  conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

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

export interface PodMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export async function runPod(c: CaseContext, spec: object, metadata: PodMetadata = { name: 'a' }): Promise<RunningPod> {
  const namespace = await c.namespace();
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const body = { metadata, spec: { terminationGracePeriodSeconds: 1, ...spec } };
  const name = (await c.post(pods, body, { unstable: true })).textAt('metadata.name');
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
    log: async (query = '') => (await c.get(`${path}/log${query}`, { unstable: true })).text,
    untilLog: (what, isSo, query = '') =>
      patiently(c, what, async () => {
        const answer = await c.get(`${path}/log${query}`, { status: [200, 204, 400], unstable: true });
        return answer.status === 200 && isSo(answer.text);
      }),
    node: async () => (await c.get(path, { unstable: true })).textAt('spec.nodeName'),
    remove: async () => {
      await c.delete(path, { unstable: true });
      await c.eventually('the pod has gone', async () => {
        return (await c.get(path, { status: [200, 404], unstable: true })).status === 404;
      });
    },
  };
}

/** A pod whose programs run once. */
export function runOnce(c: CaseContext, spec: object, metadata?: PodMetadata): Promise<RunningPod> {
  return runPod(c, { restartPolicy: 'Never', ...spec }, metadata);
}

/** What a pod has to say when it has ended well. */
export async function saying(c: CaseContext, pod: RunningPod): Promise<string> {
  const { phase } = await pod.until('the pod has ended', hasEnded);
  c.equal(phase, 'Succeeded', 'the pod ends well');
  return pod.log();
}

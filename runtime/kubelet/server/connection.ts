import { Readable } from 'node:stream';
import { goQuote } from '../../../api/go-text.ts';
import { badRequest, StatusError } from '../../../api/status.ts';
import type {
  ContainerName,
  LogOptions,
  NodeConnection,
  ProcessStreams,
} from '../../../api/streams/node-connection.ts';
import { logOf } from '../logs/container-log.ts';
import { readLog } from '../logs/log-reader.ts';
import type { Pod, StartedContainer } from '../pod-runtime.ts';
import { type HostedPod, hostedPod, type KubeletHost } from './kubelet-host.ts';

/** As the API server words a kubelet's plain 404. */
function unknownPod(name: string): StatusError {
  return new StatusError('NotFound', `the server could not find the requested resource ( pods ${name})`, {
    details: { name, kind: 'pods' },
  });
}

function notRunning(why: string): StatusError {
  return new StatusError('InternalError', why);
}

function hasContainer({ spec }: Readonly<Pod>, name: string): boolean {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec ?? {};
  return [...containers, ...initContainers, ...ephemeralContainers].some((one) => one.name === name);
}

/** What a reader gets of a container that ran before this kubelet did. */
function lostLog(id: string): Readable {
  return Readable.from(id === '' ? [] : [Buffer.from(`unable to retrieve container logs for ${id}`)]);
}

/** What the API server asks of one kubelet. */
export function createNodeConnection(host: KubeletHost): NodeConnection {
  const podOf = ({ namespace, pod, uid }: Omit<ContainerName, 'container'>): HostedPod => {
    const hosted = hostedPod(host, namespace, pod, uid);
    if (hosted === undefined) throw new StatusError('NotFound', 'pod does not exist');
    return hosted;
  };

  const runningIn = (hosted: HostedPod, name: string, missing: string): StartedContainer => {
    const running = hosted.container(name)?.running;
    if (running === undefined) throw notRunning(missing);
    return running;
  };

  const logs = async (target: ContainerName, options: LogOptions, signal: AbortSignal): Promise<Readable> => {
    const { namespace, pod: name, container } = target;
    const hosted = hostedPod(host, namespace, name, target.uid);
    const pod = hosted?.pod ?? host.knownPod(namespace, name);
    if (pod === undefined || !hasContainer(pod, container)) throw unknownPod(name);
    const record = hosted?.container(container);
    if (record !== undefined) {
      const buffer = logOf(record, name, options.previous);
      return buffer === undefined ? lostLog(record.id) : readLog(buffer, options, host.clock.now(), signal);
    }
    const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
    const statuses = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
    const id = statuses.find((status) => status.name === container)?.containerID;
    if (id === undefined) throw badRequest(`container ${goQuote(container)} in pod ${goQuote(name)} is not available`);
    return lostLog(id);
  };

  const exec = async (target: ContainerName, command: readonly string[], streams: ProcessStreams): Promise<number> => {
    const missing = `container not found (${goQuote(target.container)})`;
    const running = runningIn(podOf(target), target.container, missing);
    try {
      return await running.exec(command, streams);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('OCI runtime exec failed')) throw error;
      // As containerd tells it of a program that does not start.
      const id = running.id.replace(/^.*:\/\//, '');
      throw new Error(`failed to exec in container: failed to start exec "${id}": ${error.message}: unknown`, {
        cause: error,
      });
    }
  };

  const attach = async (target: ContainerName, streams: ProcessStreams): Promise<void> => {
    const { namespace, pod, container } = target;
    const hosted = podOf(target);
    const running = runningIn(hosted, container, `container ${container} not found in pod ${pod}_${namespace}`);
    // Whether the program has a terminal was decided when it started.
    const isTerminal = hosted.container(container)?.spec.tty === true;
    await running.attach({ ...streams, isTerminal });
  };

  let pages: NodeConnection['fetch'] | undefined;
  return {
    logs,
    exec,
    attach,
    portForward: async (target, port) => {
      const { forwardPort } = await import('./port-forward.ts');
      return forwardPort(podOf(target), port);
    },
    fetch: async (request) => {
      const { createPages } = await import('./pages.ts');
      pages ??= createPages(host, { logs });
      return pages(request);
    },
  };
}

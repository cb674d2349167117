import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Writable } from 'node:stream';
import type { Clock } from '../../../api/clock.ts';
import { MemoryTree } from '../../files/memory-tree.ts';
import type { Container, PodRuntime, StartedContainer } from '../../kubelet/pod-runtime.ts';
import { createNetwork } from '../../network/create-network.ts';
import type { NetworkNamespace } from '../../network/network.ts';
import type { ImageCatalog } from '../image-catalog.ts';
import { createSimulatedRuntime } from '../simulated-runtime.ts';

export const clock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    // Whatever a test waits for comes soon.
    if (ms > 1000) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
export const random = { next: () => 0.5, uuid: () => crypto.randomUUID() };

export interface Running {
  readonly container: StartedContainer;
  readonly network: NetworkNamespace;
  stdout(): string;
  stderr(): string;
  stop(): void;
  /** Another container of the same pod. */
  beside(image: string, args: readonly string[]): Promise<Running>;
}

export interface Options {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly runtime?: PodRuntime;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly attempt?: number;
  /** The kind of what owns the pod. */
  readonly owner?: string;
  readonly spec?: Partial<Container>;
}

const node = { name: 'node-0', addresses: ['172.18.0.2'], podCIDRs: ['10.244.0.0/24'] };

export function createRuntime(catalog?: ImageCatalog): PodRuntime {
  const network = createNetwork({ hostIp: '172.18.255.254' });
  return createSimulatedRuntime({ clock, random, network, ...(catalog === undefined ? {} : { catalog }) });
}

/** `files` are a volume at /d. */
export async function run(image: string, args: readonly string[], options: Options = {}): Promise<Running> {
  const {
    runtime = createRuntime(),
    environment = {},
    files = {},
    command,
    annotations = {},
    attempt = 0,
    owner,
    spec = {},
  } = options;
  const container = {
    ...spec,
    name: 'main',
    image,
    args: [...args],
    ...(command === undefined ? {} : { command: [...command] }),
  };
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'batch/v1', kind: owner, name: owner, uid: '1' }];
  const pod = {
    metadata: { name: 'pod-a', namespace: 'default', uid: random.uuid(), annotations, ownerReferences },
    spec: { containers: [container] },
  };
  const sandbox = await runtime.createSandbox(pod, node);
  const tree = new MemoryTree({ now: () => clock.now() });
  for (const [path, text] of Object.entries(files)) tree.write(path, text);
  const start = async (config: Container): Promise<Running> => {
    const written = { stdout: '', stderr: '' };
    const started = await sandbox.startContainer({
      container: config,
      attempt,
      environment: new Map(Object.entries(environment)),
      mounts: [{ path: '/d', tree, isReadOnly: false }],
      log: (stream, text) => {
        written[stream] += text;
      },
    });
    return {
      container: started,
      network: sandbox.network,
      stdout: () => written.stdout,
      stderr: () => written.stderr,
      stop: () => {
        started.stop(0);
        sandbox.close();
      },
      beside: (other, words) => start({ name: 'beside', image: other, args: [...words] }),
    };
  };
  return start(container);
}

export async function exec(
  { container }: Running,
  command: readonly string[],
): Promise<{ code: number; output: string }> {
  let output = '';
  const sink = (): Writable =>
    new Writable({
      write: (piece: Buffer, _encoding, done) => {
        output += piece.toString('utf8');
        done();
      },
    });
  const code = await container.exec(command, {
    stdout: sink(),
    stderr: sink(),
    isTerminal: false,
    signal: new AbortController().signal,
  });
  return { code, output };
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Asks from inside, as a probe does; waits until somebody listens. */
export async function get(
  network: NetworkNamespace,
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  for (let tries = 0; network.listening().every((one) => one.port !== port) && tries < 200; tries++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  const { stream } = await network.connect({ ip: '127.0.0.1', port });
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      { createConnection: () => stream, path, headers: { host: 'here', ...headers } },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => {
          stream.destroy();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    call.on('error', reject);
    call.end();
  });
}

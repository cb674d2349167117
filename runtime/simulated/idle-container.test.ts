import { PassThrough } from 'node:stream';
import t from 'tap';
import { fromBytes } from '../files/byte-text.ts';
import { MemoryTree } from '../files/memory-tree.ts';
import type { Container, Pod } from '../kubelet/pod-runtime.ts';
import { createNetwork } from '../network/create-network.ts';
import type { Program } from '../processes/program.ts';
import { createImageCatalog, type ImageCatalog } from './image-catalog.ts';
import { lazily } from './images/image.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

let now = 1_000_000;
const clock = { now: () => now, after: () => ({ cancel: () => undefined }) };
const random = { next: () => 0.5, uuid: () => '00000000-0000-4000-8000-000000000000' };

async function start(
  container: Container,
  spec: Partial<NonNullable<Pod['spec']>> = {},
  catalog: ImageCatalog = createImageCatalog(),
) {
  const network = createNetwork({ hostIp: '172.18.0.1' });
  const runtime = createSimulatedRuntime({ clock, random, network, catalog });
  const pod: Pod = {
    metadata: { name: 'a', namespace: 'default', uid: 'u' },
    spec: { ...spec, containers: [container] },
  };
  const sandbox = await runtime.createSandbox(pod, { name: 'n', addresses: ['172.18.0.2'], podCIDRs: ['10.0.0.0/24'] });
  const logged: string[] = [];
  const words = new MemoryTree();
  const mounts = [{ path: '/words', tree: words, isReadOnly: false }];
  const log = (_: string, text: string) => void logged.push(text);
  const environment = new Map([['WHO', 'me']]);
  const running = await sandbox.startContainer({ container, attempt: 0, environment, mounts, log });
  const run = async (...command: string[]): Promise<string> => {
    const stdout = new PassThrough();
    let text = '';
    stdout.on('data', (piece: Uint8Array) => {
      text += fromBytes(piece);
    });
    const { signal } = new AbortController();
    await running.exec(command, { stdin: undefined, stdout, stderr: undefined, isTerminal: false, signal });
    return text;
  };
  return { running, run, logged, words };
}

t.test('a container runs when the code of its program is there', async (t) => {
  const code = Promise.withResolvers<Program>();
  const events: string[] = [];
  const starting = start(
    { name: 'main', image: 'slow' },
    {},
    createImageCatalog({ programs: { slow: lazily(() => code.promise) } }),
  );
  const started = starting.then((one) => {
    events.push('started');
    return one;
  });
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(events, []);
  code.resolve(({ pid }) => {
    events.push(`process ${pid}`);
    return 0;
  });
  const { running } = await started;
  t.equal((await running.exited).exitCode, 0);
  t.strictSame(events.toSorted(), ['process 1', 'started']);
});

t.test('a server that only waits is looked into as any other, and has run since its start', async (t) => {
  const { running, run, logged } = await start({ name: 'main', image: 'example.com/shop:1', args: ['--loud'] });
  t.equal(running.constructor.name, 'IdleContainer');
  t.strictSame(logged, ['simulated image example.com/shop:1: stays up\n']);
  now += 65_000;
  t.equal(running.usage().memoryBytes, 4 * 2 ** 20 + 2 ** 19);
  t.match(await run('sh', '-c', 'tr "\\0" " " </proc/1/cmdline; echo $WHO'), /^\/shop --loud me/);
  t.equal(await run('cat', '/sys/fs/cgroup/memory.max'), 'max\n');
  t.match(await run('cat', '/proc/uptime'), /^65\./);
  t.equal(running.usage().cpuNanoCores >= 1_000_000, true);
  t.equal(logged.length, 1, 'it says what it says once');
  running.stop(1000);
  t.strictSame(await running.exited, { exitCode: 0, reason: 'Completed' });
  await t.rejects(running.exec(['true'], {} as never), /container not running/);
});

t.test('nobody has to look: it ends as it is told to, and its mounted files are read', async (t) => {
  const killed = await start({ name: 'main', image: 'pause' });
  killed.words.write('/last', 'bye');
  t.equal(killed.running.readFile('/words/last'), 'bye');
  killed.running.stop(0);
  t.strictSame(await killed.running.exited, { exitCode: 137, reason: 'Error' });
  t.equal(killed.running.readFile('/words/last'), 'bye');
  t.equal(killed.running.readFile('/elsewhere'), undefined);
});

t.test('who serves, may be talked to or shares its processes is there from the start', async (t) => {
  const all: readonly (readonly [Partial<Container>, Partial<NonNullable<Pod['spec']>>])[] = [
    [{ ports: [{ containerPort: 80 }] }, {}],
    [{ tty: true }, {}],
    [{ stdin: true }, {}],
    [{ command: ['/bin/sh', '-c', 'sleep 1'] }, {}],
    [{ lifecycle: { stopSignal: 'SIGUSR1' } }, {}],
    [{ resources: { limits: { memory: '1Mi' } } }, {}],
    [{}, { shareProcessNamespace: true }],
  ];
  for (const [more, spec] of all) {
    const { running } = await start({ name: 'main', image: 'shop', ...more }, spec);
    t.not(running.constructor.name, 'IdleContainer', JSON.stringify([more, spec]));
    running.stop(0);
  }
});

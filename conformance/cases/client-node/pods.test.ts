import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import * as k8s from '@kubernetes/client-node';
import t from 'tap';
import { startServer } from '../../clients/server.ts';
import { until } from './until.ts';

const namespace = 'default';

interface Collected {
  readonly into: Writable;
  text(): string;
}

function collect(): Collected {
  let text = '';
  const into = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { into, text: () => text };
}

t.test('Exec, Attach, Log and PortForward reach a pod', { timeout: 120_000 }, async (t) => {
  await using server = await startServer({ flags: ['--controllers=*', '--nodes=1'] });
  const config = new k8s.KubeConfig();
  config.loadFromFile(server.kubeconfig);
  const core = config.makeApiClient(k8s.CoreV1Api);
  await until('the namespace has its ServiceAccount', () =>
    core.readNamespacedServiceAccount({ namespace, name: 'default' }).then(
      () => true,
      () => false,
    ),
  );
  const containers = [
    { name: 'cat', image: 'busybox', stdin: true, command: ['sh', '-c', 'echo begun; cat'] },
    { name: 'web', image: 'registry.k8s.io/e2e-test-images/agnhost:2.63.0', args: ['netexec', '--http-port=8080'] },
  ];
  await core.createNamespacedPod({ namespace, body: { metadata: { name: 'p' }, spec: { containers } } });
  await until('the pod is ready', async () => {
    const { status } = await core.readNamespacedPod({ namespace, name: 'p' });
    return status?.containerStatuses?.every(({ ready }) => ready) === true;
  });

  const out = collect();
  const err = collect();
  const command = ['sh', '-c', 'cat; echo problem >&2; exit 4'];
  const status = await new Promise<k8s.V1Status>((resolve, reject) => {
    const stdin = Readable.from(['input\n']);
    new k8s.Exec(config).exec(namespace, 'p', 'cat', command, out.into, err.into, stdin, false, resolve).catch(reject);
  });
  t.same([out.text(), err.text()], ['input\n', 'problem\n']);
  t.match(status, {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '4' }] },
  });

  const attached = collect();
  const input = new PassThrough();
  const socket = await new k8s.Attach(config).attach(namespace, 'p', 'cat', attached.into, null, input, false);
  input.write('attached\n');
  await until('the program echoes', () => attached.text() === 'attached\n');
  socket.close();

  const log = collect();
  await new k8s.Log(config).log(namespace, 'p', 'cat', log.into, { tailLines: 2 });
  await until('the log has come', () => log.text() === 'begun\nattached\n');

  const forward = new k8s.PortForward(config);
  const listener = createServer((local) => void forward.portForward(namespace, 'p', [8080], local, null, local));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/hostname`, { headers: { connection: 'close' } });
  t.equal(await answer.text(), 'p');
  listener.close();
});

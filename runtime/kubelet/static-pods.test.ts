import t from 'tap';
import type { ApiClient } from '../../api/client.ts';
import type { KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { Pod } from './pod-runtime.ts';
import { type StaticPod, StaticPods } from './static-pods.ts';
import { testClock } from './test-pod.ts';

/** A node whose manifests and API server are the test's. */
function testNode() {
  const clock = testClock();
  const stored = new Map<string, Pod>();
  const errors: string[] = [];
  let uid = 0;
  let tell: (pods: readonly StaticPod[]) => void = () => undefined;
  const missing = (): never => {
    throw new StatusError('NotFound', 'not found');
  };
  const unused = (): never => missing();
  const client = {
    list: unused,
    update: unused,
    patch: unused,
    request: unused,
    watch: unused,
    get: async ({ resource }: { resource: string }, _namespace: string, name: string) =>
      resource === 'nodes' ? { metadata: { name, uid: 'node-uid' } } : (stored.get(name) ?? missing()),
    create: async (_resource: unknown, _namespace: string, pod: Pod) => {
      const made = { ...pod, metadata: { ...pod.metadata, uid: `uid-${++uid}` } };
      stored.set(pod.metadata?.name ?? '', made);
      return made;
    },
    delete: async (_resource: unknown, _namespace: string, name: string) => (stored.delete(name) ? {} : missing()),
  } as unknown as ApiClient;
  const source = {
    follow: (_node: string, callback: typeof tell) => {
      tell = callback;
      return { close: () => undefined };
    },
  };
  const onError = (error: unknown): void => void errors.push(String(error));
  const mirrors = (): Pod[] => [...stored.values()];
  const pods = new StaticPods(source, { client, clock, node: 'node-0', mirrors, onError });
  return { clock, stored, errors, pods, tell: (...all: StaticPod[]) => tell(all) };
}

const manifest = (hash: string): StaticPod => ({
  hash,
  pod: { metadata: { name: 'web' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
});
const leaving = (pod: KubeObject | undefined): Pod => ({
  ...pod,
  metadata: { ...pod?.metadata, deletionTimestamp: 'now' },
});

t.test('a manifest has its mirror as long as it is there', async (t) => {
  const { clock, stored, pods, tell, errors } = testNode();
  tell(manifest('one'));
  await clock.pass(0);
  t.equal(stored.size, 0, 'not before the node is registered');
  pods.begin();
  await clock.pass(0);
  const first = stored.get('web-node-0');
  t.match(first, {
    metadata: {
      namespace: 'default',
      annotations: { 'kubernetes.io/config.mirror': 'one', 'kubernetes.io/config.source': 'file' },
      ownerReferences: [{ kind: 'Node', name: 'node-0', uid: 'node-uid' }],
    },
    spec: { nodeName: 'node-0', tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] },
  });
  t.equal(pods.heed(leaving(first)), true, 'who deletes a mirror deletes no more than that');
  await clock.pass(0);
  t.equal(stored.size, 0, 'it goes at once');
  pods.look();
  await clock.pass(0);
  t.not(stored.get('web-node-0')?.metadata?.uid, first?.metadata?.uid, 'another comes');
  const second = stored.get('web-node-0') ?? {};
  tell(manifest('two'));
  await clock.pass(0);
  t.notOk(pods.isWanted(second), 'of another text it is another pod');
  t.notOk(pods.heed(leaving(second)), 'so that the old one ends as any pod');
  pods.look();
  await clock.pass(0);
  t.ok(pods.isWanted(stored.get('web-node-0') ?? {}));
  tell();
  await clock.pass(0);
  t.equal(stored.size, 0);
  t.strictSame(errors, []);
});

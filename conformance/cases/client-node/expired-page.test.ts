import { setTimeout as sleep } from 'node:timers/promises';
import * as k8s from '@kubernetes/client-node';
import t from 'tap';
import { startServer } from '../../clients/server.ts';

const total = 400;
const limit = total / 10;
const namespace = 'default';
const nameAt = (index: number): string => `template-${String(index).padStart(4, '0')}`;

/** The `_continue` of an answer that says that the list has expired. */
function tokenOf(error: unknown): string {
  if (!(error instanceof k8s.ApiException) || error.code !== 410) throw error;
  const { metadata, reason } = JSON.parse(String(error.body)) as k8s.V1Status;
  return reason === 'Expired' ? (metadata?._continue ?? (metadata as { continue?: string })?.continue ?? '') : '';
}

// Upstream's conformance test waits for kube-apiserver's compaction, which comes every five minutes.
t.test('a list goes on from its last key, inconsistently, after its revision was compacted', async (t) => {
  await using server = await startServer({ flags: ['--compaction-interval', '1s'] });
  const config = new k8s.KubeConfig();
  config.loadFromFile(server.kubeconfig);
  const core = config.makeApiClient(k8s.CoreV1Api);
  for (let i = 0; i < total; i += 1) {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'test', image: 'test2' }] } };
    await core.createNamespacedPodTemplate({ namespace, body: { metadata: { name: nameAt(i) }, template } });
  }
  const first = await core.listNamespacedPodTemplate({ namespace, limit });
  const firstToken = first.metadata?._continue;
  t.equal(first.items.length, limit);
  t.equal(first.metadata?.remainingItemCount, total - limit);

  let token = '';
  for (let tries = 0; tries < 200 && token === ''; tries += 1) {
    // History goes only where there is something newer.
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: `later-${tries}` } } });
    await core.listNamespacedPodTemplate({ namespace, limit, _continue: firstToken }).then(
      () => sleep(100),
      (error: unknown) => {
        token = tokenOf(error);
        t.not(token, '', 'the error brings another token');
      },
    );
  }
  let found = limit;
  let revision = '';
  for (let next: string | undefined = token; next !== undefined && next !== ''; ) {
    const page: k8s.V1PodTemplateList = await core.listNamespacedPodTemplate({ namespace, limit, _continue: next });
    const { resourceVersion = '', remainingItemCount, _continue } = page.metadata ?? {};
    t.not(resourceVersion, first.metadata?.resourceVersion, 'a newer list');
    if (revision !== '') t.equal(resourceVersion, revision, 'from then on all pages are of one revision');
    revision = resourceVersion;
    t.same(
      page.items.map(({ metadata }) => metadata?.name),
      Array.from({ length: limit }, (_, i) => nameAt(found + i)),
    );
    found += page.items.length;
    t.equal(remainingItemCount, found === total ? undefined : total - found);
    next = _continue;
  }
  t.equal(found, total);
});

import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import { newRecord } from '../container-record.ts';
import { startLogged } from '../logs/start-logged.ts';
import type { StartedContainer } from '../pod-runtime.ts';
import { createNodeConnection } from './connection.ts';
import type { HostedPod, KubeletHost } from './kubelet-host.ts';

const now = Date.parse('2026-01-02T03:04:05.000Z');
const clock = { now: () => now, after: () => ({ cancel: () => undefined }) };
const gone = new AbortController().signal;

async function hostOf(): Promise<KubeletHost> {
  const record = newRecord({ name: 'main', image: 'nginx', resources: { limits: { memory: '64Mi' } } }, 'x');
  const usage = () => ({ cpuNanoseconds: 2.5e9, cpuNanoCores: 5e6, memoryBytes: 8 * 1024 * 1024 });
  const running = { id: 'simulated://abc', exited: new Promise(() => undefined), usage } as unknown as StartedContainer;
  await startLogged(record.logs, clock, async (log) => {
    log('stdout', 'hello\n');
    return running;
  });
  record.running = running;
  record.id = running.id;
  record.state = { is: 'running', startedAt: now - 10_000 };
  const waiting = newRecord({ name: 'late', image: 'nginx' }, 'ContainerCreating');
  const pod = {
    metadata: { name: 'web', namespace: 'default', uid: 'u-1' },
    spec: { containers: [record.spec, waiting.spec], nodeName: 'node-0' },
    status: { qosClass: 'Burstable' },
  };
  const records = [record, waiting];
  const hosted: HostedPod = {
    pod,
    sandbox: undefined,
    container: (name) => records.find(({ spec }) => spec.name === name),
    containers: () => records,
    status: () => ({ phase: 'Running', startTime: '2026-01-02T03:03:55Z' }),
  };
  return {
    clock,
    startedAt: now - 60_000,
    kubeletVersion: 'v1.36.3',
    capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '10Gi' },
    facts: () => ({ name: 'node-0', addresses: ['172.18.0.2'], podCIDRs: [] }),
    hostedPods: () => [hosted],
    knownPod: () => undefined,
  };
}

test('pages answer as a kubelet does', async (t) => {
  const { fetch } = createNodeConnection(await hostOf());
  const get = async (path: string, method = 'GET') => {
    const { status, headers, body } = await fetch({ method, path, headers: {}, signal: gone });
    return { status, type: headers['content-type'], body: await text(Readable.from(body)) };
  };
  t.match(await get('/healthz'), { status: 200, body: 'ok' });
  t.match(await get('/healthz/ping'), { status: 200, body: 'ok' });
  t.match(await get('/healthz/none'), { status: 404, body: '404 page not found\n' });
  t.match(await get('/healthz?verbose'), { body: /\[\+\]syncloop ok\nhealthz check passed\n/ });
  t.match(await get('/spec/'), { status: 404 });
  t.match(await get('/pods', 'DELETE'), { status: 405 });
  const pods = JSON.parse((await get('/pods')).body);
  t.match(pods, {
    kind: 'PodList',
    apiVersion: 'v1',
    items: [{ metadata: { name: 'web' }, status: { phase: 'Running' } }],
  });
  const running = JSON.parse((await get('/runningpods/')).body);
  t.same(running.items[0].spec.containers, [{ name: 'main', image: 'nginx', resources: {} }]);
  t.match(JSON.parse((await get('/configz')).body), { kubeletconfig: { containerLogMaxSize: '10Mi', maxPods: 110 } });
  t.same(await get('/containerLogs/default/web/main'), { status: 200, type: 'text/plain', body: 'hello\n' });
  t.match(await get('/containerLogs/default/web/main?timestamps=true&tail=1'), {
    body: '2026-01-02T03:04:05.000000000Z hello\n',
  });
  t.match(await get('/containerLogs/default/web/main?tailLines=-1'), { status: 422 });
  t.match(await get('/containerLogs/default/web/late'), {
    status: 400,
    body: 'container "late" in pod "web" is waiting to start: ContainerCreating',
  });
  t.match(await get('/containerLogs/default/web/none'), {
    status: 404,
    body: 'container "none" not found in pod "web"',
  });
  t.match(await get('/containerLogs/default/none/main'), { status: 404, body: 'pod "none" does not exist' });
  t.match(await get('/logs/'), { status: 200, body: /<a href="containers\/">containers\/<\/a>/ });
  t.match(await get('/logs/pods'), { status: 301 });
  t.match(await get('/logs'), { status: 307, body: '<a href="/logs/">Temporary Redirect</a>.\n\n' });
  t.match(await get('/metrics/'), { status: 404 });
  t.match(await get('/logs/pods/default_web_u-1/main/0.log'), { body: /Z hello\n$/ });
  t.match(await get('/checkpoint/default/web/none', 'POST'), { status: 404, body: 'container none does not exist' });
});

test('metrics have the names and labels that scrapers look for', async (t) => {
  const { fetch } = createNodeConnection(await hostOf());
  const get = async (path: string): Promise<string> => {
    const { body } = await fetch({ method: 'GET', path, headers: {}, signal: gone });
    return text(body);
  };
  const resource = await get('/metrics/resource');
  const labels = '{container="main",namespace="default",pod="web"}';
  t.ok(resource.includes(`\ncontainer_cpu_usage_seconds_total${labels} 2.5 ${now}\n`), resource);
  t.ok(resource.includes(`\ncontainer_memory_working_set_bytes${labels} 8.388608e+06 ${now}\n`));
  t.ok(resource.includes(`\npod_cpu_usage_seconds_total{namespace="default",pod="web"} 2.5 ${now}\n`));
  t.match(resource, /\nnode_memory_working_set_bytes 3\.\d+e\+08 \d+\n/);
  t.ok(resource.includes('\nresource_scrape_error 0\n'));
  const containers = await get('/metrics/cadvisor');
  t.match(
    containers,
    /\ncontainer_cpu_usage_seconds_total\{container="main",cpu="total",id="\/kubepods\/burstable\/podu-1\/abc",image="nginx",name="abc",namespace="default",pod="web"\} 2\.5 /,
  );
  t.match(containers, /\nmachine_memory_bytes\{[^}]+\} 8\.589934592e\+09\n/);
  t.match(await get('/metrics'), /\nkubelet_running_containers\{container_state="running"\} 1\n/);
  const summary = JSON.parse(await get('/stats/summary'));
  t.match(summary, {
    node: { nodeName: 'node-0', cpu: { usageNanoCores: 45_000_000 }, fs: { capacityBytes: 10 * 1024 ** 3 } },
    pods: [
      {
        podRef: { name: 'web', namespace: 'default', uid: 'u-1' },
        containers: [{ name: 'main', memory: { workingSetBytes: 8_388_608, availableBytes: 58_720_256 } }],
      },
    ],
  });
  const short = JSON.parse(await get('/stats/summary?only_cpu_and_memory=true'));
  t.notOk('fs' in short.node);
});

import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import {
  agnhost,
  busybox,
  hasEnded,
  isReady,
  type PodStatus,
  type RunningPod,
  runOnce,
  runPod,
  shell,
} from '../nodes/running-pod.ts';

/** A pod that answers at 8080, with its name at /hostname and its client's address at /clientip. */
export async function serving(
  c: CaseContext,
  name: string,
  { isGated = false, ports = [{ name: 'web', containerPort: 8080 }] as object[], app = name, spec: more = {} } = {},
): Promise<PodStatus & { readonly pod: RunningPod }> {
  const server = {
    name: 'server',
    image: agnhost,
    imagePullPolicy: 'IfNotPresent',
    args: ['netexec', '--http-port=8080', '--udp-port=8081'],
    ports,
  };
  const readinessGates = isGated ? [{ conditionType: 'example.com/open' }] : [];
  const spec = { containers: [server], readinessGates, ...more };
  const pod = await runPod(c, spec, { name, labels: { app } });
  const status = await pod.until(`${name} runs`, (now) => (isGated ? now.phase === 'Running' : isReady(now)));
  return { ...status, pod };
}

/** What a script says in a pod of its own. */
export async function said(
  c: CaseContext,
  script: string,
  { labels = {}, spec = {}, image = busybox } = {},
): Promise<string> {
  const whole = { containers: [shell('c', script, { image })], ...spec };
  const pod = await runOnce(c, whole, { generateName: 'client-', labels });
  await pod.until('the client has ended', hasEnded);
  return pod.log();
}

export async function service(
  c: CaseContext,
  name: string,
  spec: object,
): Promise<{ ip: string; nodePorts: number[] }> {
  const { body } = await c.post(
    `/api/v1/namespaces/${await c.namespace()}/services`,
    { metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 'web' }], ...spec } },
    { unstable: true },
  );
  const { clusterIP, ports } = (body as { spec: { clusterIP: string; ports: { nodePort?: number }[] } }).spec;
  return { ip: clusterIP, nodePorts: ports.map(({ nodePort = 0 }) => nodePort) };
}

const fetching = (url: string): string => `timeout 3 wget -q -O- ${url}`;
const seenAsItself = (url: string): string =>
  `seen=$(${fetching(`${url}/clientip`)}); seen=\${seen%:*}; test "$seen" = "$(hostname -i)" && echo seen as itself`;
/** Rules take their time to be everywhere. */
const untilAnswered = (url: string): string =>
  `for i in $(seq 60); do ${fetching(url)} >/tmp/o 2>&1 && break; sleep 0.5; done; cat /tmp/o`;
const untilRefused = (url: string): string =>
  `for i in $(seq 60); do ${fetching(url)} >/tmp/o 2>&1 || { cat /tmp/o; exit; }; sleep 0.5; done; echo still answered`;

async function betweenPods(c: CaseContext): Promise<void> {
  const { podIP } = await serving(c, 'web');
  const script = [
    `${fetching(`http://${podIP}:8080/hostname`)}; echo`,
    seenAsItself(`http://${podIP}:8080`),
    `${fetching('http://127.0.0.1:8080/')} 2>&1`,
    `${fetching(`http://${podIP}:9/`)} 2>&1`,
  ];
  const [name, seen, own, closed] = (await said(c, script.join('\n'))).split('\n');
  c.equal(name, 'web', 'the pod answers at its address');
  c.equal(seen, 'seen as itself', "a server sees its client's own address");
  c.ok(/Connection refused/.test(own ?? ''), `localhost is each pod's own: ${own}`);
  c.ok(/Connection refused/.test(closed ?? ''), `nobody listens there: ${closed}`);
}

async function sharedLocalhost(c: CaseContext): Promise<void> {
  const containers = [
    shell(
      'server',
      'mkdir /tmp/www; echo from beside >/tmp/www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /tmp/www',
    ),
    shell('client', `${untilAnswered('http://127.0.0.1:8080/')}; sleep 600`),
  ];
  const pod = await runPod(c, { containers });
  await pod.untilLog(
    'one container hears the other at localhost',
    (log) => log === 'from beside\n',
    '?container=client',
  );
}

async function clusterAddress(c: CaseContext): Promise<void> {
  await serving(c, 'web');
  const { ip } = await service(c, 'web', {
    ports: [
      { name: 'http', port: 80, targetPort: 'web' },
      { name: 'direct', port: 8888, targetPort: 8080 },
    ],
  });
  const script = `${untilAnswered(`http://${ip}/hostname`)}; echo; ${untilAnswered(`http://${ip}:8888/hostname`)}; echo; ${seenAsItself(`http://${ip}`)}`;
  c.equal(
    await said(c, script),
    'web\nweb\nseen as itself\n',
    'each port leads to its target, and the client keeps its address',
  );
}

async function noEndpoints(c: CaseContext): Promise<void> {
  const { ip } = await service(c, 'nobody', { ports: [{ port: 80 }] });
  const text = await said(c, untilRefused(`http://${ip}/`));
  c.ok(/Connection refused/.test(text), `nobody is there: ${text}`);
}

async function nodePort(c: CaseContext): Promise<void> {
  const { hostIP } = await serving(c, 'web');
  const { nodePorts } = await service(c, 'web', { type: 'NodePort' });
  const url = `http://${hostIP}:${nodePorts[0]}/hostname`;
  c.equal(await said(c, untilAnswered(url)), 'web', 'a node answers for a Service');
}

async function readiness(c: CaseContext): Promise<void> {
  const { pod } = await serving(c, 'web', { isGated: true });
  const open = async (status: 'True' | 'False'): Promise<void> => {
    const conditions = [{ type: 'example.com/open', status }];
    const type = 'application/strategic-merge-patch+json';
    await c.patch(`${pod.path}/status`, { status: { conditions } }, { type, unstable: true });
  };
  const { ip } = await service(c, 'web', {});
  const refused = await said(c, untilRefused(`http://${ip}/`));
  c.ok(/Connection refused/.test(refused), `a pod that is not ready gets no connections: ${refused}`);
  await open('True');
  await pod.until('it is ready', isReady);
  c.equal(await said(c, untilAnswered(`http://${ip}/hostname`)), 'web', 'a ready pod answers for its Service');
  await open('False');
  await pod.until('it is not ready any more', (status) => !isReady(status));
  const text = await said(c, untilRefused(`http://${ip}/`));
  c.ok(/Connection refused/.test(text), `nor one that was ready once: ${text}`);
}

async function affinity(c: CaseContext): Promise<void> {
  await serving(c, 'web');
  await serving(c, 'web2', { app: 'web' });
  const { ip } = await service(c, 'web', { sessionAffinity: 'ClientIP' });
  const many = `${untilAnswered(`http://${ip}/hostname`)} >/dev/null; for i in $(seq 20); do ${fetching(`http://${ip}/hostname`)}; echo; done | sort -u | wc -l`;
  c.equal((await said(c, many)).trim(), '1', 'a client stays with the endpoint that it had');
  const { body } = await c.patch(
    `/api/v1/namespaces/${await c.namespace()}/services/web`,
    { spec: { sessionAffinity: 'None' } },
    { unstable: true },
  );
  c.equal((body as { spec: { sessionAffinity: string } }).spec.sessionAffinity, 'None', 'affinity is off');
  const spread = `for i in $(seq 60); do n=$(for j in $(seq 20); do ${fetching(`http://${ip}/hostname`)}; echo; done | sort -u | wc -l); test $n = 2 && break; done; echo $n`;
  c.equal((await said(c, spread)).trim(), '2', 'then it meets all of them');
}

async function hostPort(c: CaseContext): Promise<void> {
  const port = 20_000 + Math.floor(Number.parseInt(c.rand, 36) % 9000);
  const { hostIP } = await serving(c, 'web', { ports: [{ name: 'web', containerPort: 8080, hostPort: port }] });
  c.equal(await said(c, untilAnswered(`http://${hostIP}:${port}/hostname`)), 'web', 'the node answers for the pod');
}

async function policies(c: CaseContext): Promise<void> {
  const { podIP } = await serving(c, 'web');
  const policies = `/apis/networking.k8s.io/v1/namespaces/${await c.namespace()}/networkpolicies`;
  const url = `http://${podIP}:8080/hostname`;
  const allowed = { labels: { role: 'friend' } };
  c.equal(await said(c, untilAnswered(url)), 'web', 'without a policy everybody is let in');
  const podSelector = { matchLabels: { app: 'web' } };
  await c.post(
    policies,
    { metadata: { name: 'deny' }, spec: { podSelector, policyTypes: ['Ingress'] } },
    { unstable: true },
  );
  const blocked = `for i in $(seq 60); do ${fetching(url)} >/tmp/o 2>&1 || { echo blocked; exit; }; sleep 0.5; done; echo open`;
  c.equal(await said(c, blocked, allowed), 'blocked\n', 'a policy without rules lets nobody in');
  const from = [{ podSelector: { matchLabels: { role: 'friend' } } }];
  const ingress = [{ from, ports: [{ port: 'web' }] }];
  await c.post(policies, { metadata: { name: 'allow' }, spec: { podSelector, ingress } }, { unstable: true });
  c.equal(await said(c, untilAnswered(url), allowed), 'web', 'another adds whom it names');
  c.equal(await said(c, blocked), 'blocked\n', 'and nobody else');
  await c.post(
    policies,
    {
      metadata: { name: 'quiet' },
      spec: { podSelector: { matchLabels: { role: 'friend' } }, policyTypes: ['Egress'] },
    },
    { unstable: true },
  );
  c.equal(await said(c, blocked, allowed), 'blocked\n', 'what may not go out does not come in');
}

export const trafficCases: readonly Case[] = [
  { id: 'network/pods/reach each other by address', needs: ['programs'], run: betweenPods },
  { id: 'network/pods/share localhost among their containers', needs: ['programs'], run: sharedLocalhost },
  { id: 'network/services/lead to pods by port', needs: ['proxy', 'controllers'], run: clusterAddress },
  { id: 'network/services/refuse where nobody is', needs: ['proxy', 'controllers'], run: noEndpoints },
  { id: 'network/services/are answered by nodes at node ports', needs: ['proxy', 'controllers'], run: nodePort },
  { id: 'network/services/leave out pods that are not ready', needs: ['proxy', 'controllers'], run: readiness },
  { id: 'network/services/keep clients where they were with affinity', needs: ['proxy', 'controllers'], run: affinity },
  { id: 'network/pods/are reached at host ports of their node', needs: ['proxy', 'programs'], run: hostPort },
  { id: 'network/policies/hold what they do not allow', needs: ['policies', 'programs'], run: policies },
];

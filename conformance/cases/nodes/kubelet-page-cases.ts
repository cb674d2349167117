import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { runPod, shell } from './running-pod.ts';

interface Running {
  readonly namespace: string;
  /** Path of the kubelet's pages, by the API server's proxy. */
  readonly pages: string;
}

async function runningPod(c: CaseContext): Promise<Running> {
  const pod = await runPod(c, { containers: [shell('c', 'echo hello; sleep 1000')] });
  await pod.until('the pod runs', ({ phase }) => phase === 'Running');
  return { namespace: await c.namespace(), pages: `/api/v1/nodes/${await pod.node()}/proxy` };
}

async function health(c: CaseContext): Promise<void> {
  const { pages } = await runningPod(c);
  const get = (path: string, status = 200) => c.get(`${pages}${path}`, { status, unstable: true });
  c.equal((await get('/healthz')).text, 'ok', 'health');
  c.equal((await get('/healthz/syncloop')).text, 'ok', 'one check');
  c.equal((await get('/healthz/none', 404)).text, '404 page not found\n', 'no such check');
  c.equal((await get('/spec/', 404)).text, '404 page not found\n', 'no such page');
  c.equal((await get('/metrics/', 404)).text, '404 page not found\n', 'not with a slash');
}

async function podPages(c: CaseContext): Promise<void> {
  const { namespace, pages } = await runningPod(c);
  const get = (path: string) => c.get(`${pages}${path}`, { unstable: true });
  interface Item {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: { readonly containers: readonly { readonly name: string }[] | null };
  }
  for (const path of ['/pods', '/runningpods/']) {
    let found: Item | undefined;
    // What runs is asked of the runtime now and then.
    await c.eventually(`the pod is in ${path}`, async () => {
      const answer = await get(path);
      c.equal([answer.at('kind'), answer.at('apiVersion')], ['PodList', 'v1'], path);
      found = ((answer.at('items') ?? []) as Item[]).find(({ metadata }) => metadata.namespace === namespace);
      return (found?.spec.containers ?? []).length > 0;
    });
    c.equal(
      found?.spec.containers?.map(({ name }) => name),
      ['c'],
      `its containers in ${path}`,
    );
  }
  await c.eventually('the log has come', async () => {
    return (await get(`/containerLogs/${namespace}/a/c`)).text === 'hello\n';
  });
  const missing = await c.get(`${pages}/containerLogs/${namespace}/a/none`, { status: 404, unstable: true });
  c.equal(missing.text, 'container "none" not found in pod "a"', 'no such container');
  const absent = await c.get(`${pages}/containerLogs/${namespace}/none/c`, { status: 404, unstable: true });
  c.equal(absent.text, 'pod "none" does not exist', 'no such pod');
}

async function configuration(c: CaseContext): Promise<void> {
  const { pages } = await runningPod(c);
  await c.get(`${pages}/configz`, {
    unstable: true,
    has: { 'kubeletconfig.kind': 'KubeletConfiguration', 'kubeletconfig.clusterDomain': 'cluster.local' },
  });
}

function hasLine(text: string, line: RegExp): boolean {
  return text.split('\n').some((each) => line.test(each));
}

async function scrapes(c: CaseContext): Promise<void> {
  const { namespace, pages } = await runningPod(c);
  const pod = `namespace="${namespace}",pod="a"`;
  const rows: readonly (readonly [path: string, lines: readonly RegExp[]])[] = [
    [
      '/metrics/resource',
      [
        new RegExp(`^container_cpu_usage_seconds_total\\{container="c",${pod}\\} [0-9.e+-]+ \\d{13}$`),
        new RegExp(`^container_memory_working_set_bytes\\{container="c",${pod}\\} [0-9.e+-]+ \\d{13}$`),
        new RegExp(`^container_start_time_seconds\\{container="c",${pod}\\} [0-9.e+-]+$`),
        /^node_cpu_usage_seconds_total [0-9.e+-]+ \d{13}$/,
        /^node_memory_working_set_bytes [0-9.e+-]+ \d{13}$/,
        /^resource_scrape_error 0$/,
      ],
    ],
    [
      '/metrics/cadvisor',
      [
        new RegExp(
          `^container_cpu_usage_seconds_total\\{container="c",cpu="total",id="[^"]+",image="[^"]+",name="[^"]+",${pod}\\} `,
        ),
        new RegExp(
          `^container_memory_working_set_bytes\\{container="c",id="[^"]+",image="[^"]+",name="[^"]+",${pod}\\} `,
        ),
        /^container_memory_usage_bytes\{container="",id="\/",image="",name="",namespace="",pod=""\} /,
        /^machine_cpu_cores\{boot_id="[^"]*",machine_id="[^"]*",system_uuid="[^"]*"\} \d+$/,
      ],
    ],
    ['/metrics', [/^kubelet_node_name\{node="[^"]+"\} 1$/, /^kubelet_running_pods \d+$/, /^kubernetes_build_info\{/]],
    ['/metrics/probes', [/^process_start_time_seconds /]],
  ];
  for (const [path, lines] of rows) {
    let last = '';
    await c.eventually(`${path} has all`, async () => {
      last = (await c.get(`${pages}${path}`, { unstable: true })).text;
      return lines.every((line) => hasLine(last, line));
    });
    c.ok(last.startsWith('# HELP '), `${path} tells what it is`);
  }
}

async function summary(c: CaseContext): Promise<void> {
  const { namespace, pages } = await runningPod(c);
  interface PodStats {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly containers: readonly { readonly name: string; readonly cpu?: object; readonly memory?: object }[];
  }
  await c.eventually('the pod is measured', async () => {
    const answer = await c.get(`${pages}/stats/summary?only_cpu_and_memory=true`, { unstable: true });
    const pods = answer.at('pods') as PodStats[];
    const found = pods.find(({ podRef }) => podRef.namespace === namespace && podRef.name === 'a');
    return (
      found?.containers.some(({ name, cpu, memory }) => name === 'c' && cpu !== undefined && memory !== undefined) ===
      true
    );
  });
}

export const kubeletPageCases: readonly Case[] = [
  { id: 'nodes/kubelet/tells of its health', needs: ['programs'], run: health },
  { id: 'nodes/kubelet/lists its pods and shows their logs', needs: ['programs'], run: podPages },
  { id: 'nodes/kubelet/shows its configuration', needs: ['programs'], run: configuration },
  { id: 'nodes/kubelet/is scraped for metrics', needs: ['programs'], run: scrapes },
  { id: 'nodes/kubelet/sums up what pods use', needs: ['programs'], run: summary },
];

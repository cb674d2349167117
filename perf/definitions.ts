/**
 * Many custom resource definitions: how long they take from the first apply until all are served, what they cost in memory, and how fast
 * the documents about them are while nothing changes. `node perf/definitions.ts --help` lists the options.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from './api-client.ts';
import { machineFacts } from './machine.ts';
import { treeUsage } from './processes.ts';
import { median } from './results.ts';
import { openServer, type Server } from './servers.ts';
import { sideBySide } from './side-by-side.ts';

const usage = `node perf/definitions.ts [options]
  --subject S       kubefacade (default), reference, or a kubeconfig
  --count N         definitions (2000)
  --groups N        API groups they are spread over (100)
  --clients N       applies in flight (8)
  --flag F          passed to kubefacade start; may be repeated
  --check           fails when a promise is broken: 60 s, 150 kB each, 100 ms for each document`;

const promises = { seconds: 60, bytesEach: 150_000, documentMs: 100 };
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const documents = [
  { name: '/apis, aggregated', path: '/apis', accept: v2 },
  { name: '/apis', path: '/apis', accept: 'application/json' },
  { name: '/openapi/v3', path: '/openapi/v3', accept: 'application/json' },
  { name: '/openapi/v3 of one group', path: '/openapi/v3/apis/g0.perf.example.com/v1', accept: 'application/json' },
  { name: '/openapi/v2', path: '/openapi/v2', accept: 'application/json' },
  {
    name: '/openapi/v2, protobuf',
    path: '/openapi/v2',
    accept: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  },
];

/** About what a small operator's kind looks like: 3 kB, a list by key, patterns, defaults, conditions, one rule, columns, a scale. */
function definition(index: number, groups: number) {
  const group = `g${index % groups}.perf.example.com`;
  const kind = `Widget${index}`;
  const plural = `widget${index}s`;
  const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });
  const condition = {
    type: 'object',
    required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
    properties: {
      type: text('Type of the condition in CamelCase.', { maxLength: 316 }),
      status: text('True, False or Unknown.', { enum: ['True', 'False', 'Unknown'] }),
      lastTransitionTime: text('When the status changed last.', { format: 'date-time' }),
      reason: text('A word for programs.', { maxLength: 1024, minLength: 1 }),
      message: text('A sentence for people.', { maxLength: 32768 }),
      observedGeneration: { type: 'integer', format: 'int64', minimum: 0, description: 'What the condition is about.' },
    },
  };
  const spec = {
    type: 'object',
    description: `What a ${kind} is wanted to be.`,
    required: ['image'],
    properties: {
      image: text('Image to run.', { minLength: 1, maxLength: 255, pattern: '^[a-z0-9./:@_-]+$' }),
      replicas: { type: 'integer', format: 'int32', minimum: 0, default: 1, description: 'How many are wanted.' },
      paused: { type: 'boolean', default: false, description: 'Whether changes wait.' },
      strategy: text('How changes are rolled out.', { enum: ['Recreate', 'RollingUpdate'], default: 'RollingUpdate' }),
      ports: {
        type: 'array',
        description: 'Ports by name.',
        maxItems: 32,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          required: ['name', 'port'],
          properties: {
            name: text('Name of the port.', { maxLength: 15 }),
            port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65535, description: 'The number.' },
          },
        },
      },
      parameters: {
        type: 'object',
        description: 'Passed on as they are.',
        additionalProperties: { type: 'string', maxLength: 256 },
        maxProperties: 64,
      },
      capacity: { 'x-kubernetes-int-or-string': true, description: 'A number or a quantity.' },
    },
    'x-kubernetes-validations': [{ rule: 'self.replicas <= 100', message: 'at most 100 replicas' }],
  };
  const status = {
    type: 'object',
    description: `What a ${kind} is.`,
    properties: {
      replicas: { type: 'integer', format: 'int32', description: 'How many there are.' },
      selector: text('Selects the pods, for the scale.'),
      conditions: {
        type: 'array',
        description: 'The latest observations.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        items: condition,
      },
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, shortNames: [`w${index}`] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.selector',
            },
          },
          additionalPrinterColumns: [
            { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
            { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          ],
          schema: { openAPIV3Schema: { type: 'object', description: `${kind} runs.`, properties: { spec, status } } },
        },
      ],
    },
  };
}

interface Options {
  readonly count: number;
  readonly groups: number;
  readonly clients: number;
}

async function applyAll(client: ApiClient, { count, groups, clients }: Options): Promise<void> {
  await sideBySide(count, clients, async (index) => {
    const body = definition(index, groups);
    const path = `${definitions}/${body.metadata.name}?fieldManager=perf`;
    await client.must('PATCH', path, body, 'application/apply-patch+yaml');
  });
}

/** Until every definition's objects can be listed: the last one by discovery of its group. */
async function untilServed(client: ApiClient, { count, groups }: Options): Promise<void> {
  for (let index = count - 1; index >= 0; index -= 1) {
    const [plural = ''] = definition(index, groups).metadata.name.split('.', 1);
    const path = `/apis/g${index % groups}.perf.example.com/v1/namespaces/default/${plural}`;
    for (let tries = 0; (await client.send('GET', path)).status !== 200; tries += 1) {
      if (tries > 12_000) throw new Error(`${path} is not served`);
      await sleep(5);
    }
  }
}

async function untilEstablished(client: ApiClient, count: number): Promise<void> {
  for (;;) {
    const { text } = await client.send('GET', `${definitions}?limit=5000`);
    const { items } = JSON.parse(text) as {
      items: { status?: { conditions?: { type: string; status: string }[] } }[];
    };
    const done = items.filter(({ status }) =>
      status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True'),
    );
    if (done.length >= count) return;
    await sleep(50);
  }
}

const memory = ({ pids }: Server): number => (pids.length === 0 ? 0 : treeUsage(pids).rssBytes);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function timesOf(client: ApiClient, path: string, headers: Readonly<Record<string, string>>) {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round <= 20; round += 1) {
    const begin = performance.now();
    const answer = await client.send('GET', path, undefined, 'application/json', headers);
    times.push(performance.now() - begin);
    bytes = answer.bytes;
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
  }
  const [first = 0, ...later] = times;
  return { first, later, bytes };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      subject: { type: 'string', default: 'kubefacade' },
      count: { type: 'string', default: '2000' },
      groups: { type: 'string', default: '100' },
      clients: { type: 'string', default: '8' },
      flag: { type: 'string', multiple: true, default: [] },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    return 0;
  }
  const options: Options = {
    count: Number(values.count),
    groups: Number(values.groups),
    clients: Number(values.clients),
  };
  await using server = await openServer(values.subject, values.flag);
  using client = new ApiClient(server.access, options.clients);
  await sleep(3000);
  const before = memory(server);
  const size = JSON.stringify(definition(0, options.groups)).length;
  say(`${server.name}, ${JSON.stringify(machineFacts())}`);
  say(
    `${options.count} definitions of ${size} bytes in ${options.groups} groups, ${options.clients} applies in flight`,
  );
  const begin = performance.now();
  await applyAll(client, options);
  const applied = (performance.now() - begin) / 1000;
  await untilEstablished(client, options.count);
  const established = (performance.now() - begin) / 1000;
  say(`applied after ${applied.toFixed(1)} s, all established after ${established.toFixed(1)} s`);
  await sleep(5000);
  const each = (memory(server) - before) / options.count;
  say(
    `memory: ${(before / 1e6).toFixed(0)} MB before, ${(memory(server) / 1e6).toFixed(0)} MB after, ${(each / 1000).toFixed(1)} kB each`,
  );
  const broken: string[] = [];
  if (established > promises.seconds) broken.push(`${established.toFixed(1)} s until all were established`);
  if (each > promises.bytesEach) broken.push(`${(each / 1000).toFixed(1)} kB of memory each`);
  const used = performance.now();
  await untilServed(client, options);
  const served = (memory(server) - before) / options.count;
  say(
    `one list of each: ${((performance.now() - used) / options.count).toFixed(2)} ms; memory then ${(served / 1000).toFixed(1)} kB each`,
  );
  if (served > promises.bytesEach) broken.push(`${(served / 1000).toFixed(1)} kB of memory each when all were used`);
  for (const { name, path, accept } of documents) {
    const { first, later, bytes } = await timesOf(client, path, { Accept: accept, 'Accept-Encoding': 'gzip' });
    say(
      `${name}: first ${first.toFixed(0)} ms, then ${median(later).toFixed(1)} ms, at worst ${Math.max(...later).toFixed(1)} ms; ${(bytes / 1e6).toFixed(2)} MB sent`,
    );
    if (median(later) > promises.documentMs) broken.push(`${name}: ${median(later).toFixed(1)} ms`);
  }
  await sleep(5000);
  const last = (memory(server) - before) / options.count;
  say(
    `memory after that, with what making OpenAPI v2 left to the next collection: ${(memory(server) / 1e6).toFixed(0)} MB, ${(last / 1000).toFixed(1)} kB each`,
  );
  for (const text of broken) say(`missed: ${text}`);
  return values.check && broken.length > 0 ? 1 : 0;
}

process.exitCode = await main();

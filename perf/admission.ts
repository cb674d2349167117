/**
 * What webhooks and admission policies cost that have nothing to do with a request: creates of config maps with and without them, in
 * turns. The figure is the server's processor time, which other programs on the machine change least. `--help` lists the options.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from './api-client.ts';
import { machineFacts } from './machine.ts';
import { treeUsage } from './processes.ts';
import { openServer, type Server } from './servers.ts';
import { sideBySide } from './side-by-side.ts';

const usage = `node perf/admission.ts [options]
  --subject S       kubefacade (default) or reference
  --requests N      creates of one turn (3000)
  --rounds N        turns of each kind (4)
  --only WORDS      the variants whose names have them
  --clients N       creates in flight (8)
  --flag F          passed to kubefacade start; may be repeated
  --check           fails when one costs 20 % of a create or more`;

const most = 0.2;
const group = '/apis/admissionregistration.k8s.io/v1';
const configMaps = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
const pods = { ...configMaps, resources: ['pods'] };
const elsewhere = { matchLabels: { 'perf.example.com/elsewhere': 'yes' } };

function webhook(kind: 'Validating' | 'Mutating', rule: object, more: object) {
  const one = {
    name: 'hook.perf.example.com',
    // Nothing listens there: a call would fail the create.
    clientConfig: { url: 'https://127.0.0.1:1/' },
    rules: [rule],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  };
  return {
    path: `${group}/${kind.toLowerCase()}webhookconfigurations`,
    objects: [{ kind: `${kind}WebhookConfiguration`, webhooks: [one] }],
  };
}

function policy(rule: object, more: { readonly constraints?: object; readonly conditions?: readonly object[] }) {
  const { constraints = {}, conditions = [] } = more;
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: [rule], ...constraints },
    matchConditions: conditions,
    validations: [{ expression: 'has(object.data) && object.data.size() > 100', message: 'would refuse' }],
  };
  return {
    path: `${group}/validatingadmissionpolicies`,
    objects: [{ kind: 'ValidatingAdmissionPolicy', spec }],
  };
}

const condition = [{ name: 'never', expression: 'object.metadata.name == "nobody"' }];
const variants = [
  { name: 'webhook for another resource', ...webhook('Validating', pods, {}) },
  { name: 'mutating webhook for another resource', ...webhook('Mutating', pods, {}) },
  { name: 'webhook for other namespaces', ...webhook('Validating', configMaps, { namespaceSelector: elsewhere }) },
  { name: 'webhook for other labels', ...webhook('Validating', configMaps, { objectSelector: elsewhere }) },
  { name: 'webhook whose condition is false', ...webhook('Validating', configMaps, { matchConditions: condition }) },
  { name: 'policy for another resource', ...policy(pods, {}) },
  { name: 'policy for other namespaces', ...policy(configMaps, { constraints: { namespaceSelector: elsewhere } }) },
  { name: 'policy for other labels', ...policy(configMaps, { constraints: { objectSelector: elsewhere } }) },
  { name: 'policy whose condition is false', ...policy(configMaps, { conditions: condition }) },
];

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function install(client: ApiClient, { path, objects }: (typeof variants)[number]): Promise<() => Promise<void>> {
  const added: string[] = [];
  const add = async (where: string, object: object): Promise<void> => {
    await client.must('POST', where, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      metadata: { name: 'perf' },
      ...object,
    });
    added.push(`${where}/perf`);
  };
  for (const object of objects) await add(path, object);
  if (path.endsWith('policies')) {
    const spec = { policyName: 'perf', validationActions: ['Deny'] };
    await add(`${group}/validatingadmissionpolicybindings`, { kind: 'ValidatingAdmissionPolicyBinding', spec });
  }
  // Upstream's informers need a moment.
  await sleep(1500);
  return async () => {
    for (const one of added.reverse()) await client.must('DELETE', one);
    await sleep(500);
  };
}

interface Turn {
  readonly requests: number;
  readonly clients: number;
}

/** Processor time of one create, in microseconds. */
async function turn(server: Server, client: ApiClient, { requests, clients }: Turn): Promise<number> {
  const path = '/api/v1/namespaces/perf-admission/configmaps';
  const before = treeUsage(server.pids).cpuSeconds;
  await sideBySide(requests, clients, async (i) => {
    await client.must('POST', path, { metadata: { name: `c-${i}` }, data: { a: 'one', b: 'two' } });
  });
  const used = treeUsage(server.pids).cpuSeconds - before;
  await client.must('DELETE', path);
  await sleep(300);
  return (used / requests) * 1e6;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      subject: { type: 'string', default: 'kubefacade' },
      requests: { type: 'string', default: '3000' },
      rounds: { type: 'string', default: '4' },
      only: { type: 'string', default: '' },
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
  const size: Turn = { requests: Number(values.requests), clients: Number(values.clients) };
  await using server = await openServer(values.subject, values.flag);
  using client = new ApiClient(server.access, size.clients);
  await client.must('POST', '/api/v1/namespaces', { metadata: { name: 'perf-admission' } });
  say(`${server.name}, ${JSON.stringify(machineFacts())}`);
  // The compilers of the machine and of expressions do their work first.
  for (let i = 0; i < 3; i += 1) await turn(server, client, size);
  let broken = 0;
  for (const variant of variants.filter(({ name }) => name.includes(values.only))) {
    const [without, others]: [number[], number[]] = [[], []];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      without.push(await turn(server, client, size));
      const remove = await install(client, variant);
      others.push(await turn(server, client, size));
      await remove();
    }
    // The least of the turns is the one that other programs disturbed least.
    const [plain, more] = [Math.min(...without), Math.min(...others)];
    const part = more / plain - 1;
    if (part >= most) broken += 1;
    say(`${variant.name}: ${plain.toFixed(0)} µs, then ${more.toFixed(0)} µs: ${(part * 100).toFixed(1)} %`);
  }
  if (broken > 0) say(`missed: ${broken} cost ${most * 100} % of a create or more`);
  return values.check && broken > 0 ? 1 : 0;
}

process.exitCode = await main();

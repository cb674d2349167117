import { sleep } from '../../../client/sleep.ts';
import type { ProgramContext } from '../../process.ts';
import { goLog, hostPort, type ParsedFlags } from '../go-command.ts';
import { fetchHttp } from '../http-client.ts';
import { bodyOf, reply, serveHttp } from '../http-service.ts';
import { type InClusterClient, inClusterClient } from '../in-cluster-client.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

const maxLog = 500;
const rounds = 15;
const pauseMs = 5000;
const patienceMs = 300_000;

/** As /read shows it. */
interface State {
  readonly Hostname: string;
  readonly Sent: Record<string, number>;
  readonly Received: Record<string, number>;
  readonly Errors: string[];
  readonly Log: string[];
  StillContactingPeers: boolean;
}

interface EndpointsObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly port: number }[];
  }[];
}

/** Writes to all pods of a Service and hears from them; passes when enough did both. */
export const nettest: CommandProgram = (context, flags) => {
  const { facts, network, clock } = context;
  const state: State = {
    Hostname: facts.hostname,
    Sent: {},
    Received: {},
    Errors: [],
    Log: [],
    StillContactingPeers: true,
  };
  const client = inClusterClient(context);
  if (typeof client === 'string') {
    goLog(context)(`Unable to create config; error: ${client}`);
    return 1;
  }
  const peers = flags.number('peers');
  const isEnough = (seen: Readonly<Record<string, number>>): boolean => Object.keys(seen).length >= peers;
  const service = serveHttp(network, flags.number('port'), async (call) => {
    const { pathname } = call.url;
    if (pathname === '/quit') return lifetime.end(0);
    if (pathname === '/read') return reply(call, { body: JSON.stringify(state, null, '\t') });
    if (pathname === '/status') {
      const isDone = isEnough(state.Sent) && isEnough(state.Received);
      return reply(call, { body: isDone ? 'pass' : state.StillContactingPeers ? 'running' : 'fail' });
    }
    if (pathname !== '/write') return reply(call, { status: 404, body: '404 page not found\n' });
    const { Source: source = '' } = JSON.parse(await bodyOf(call.request)) as { Source?: string };
    if (source === '') state.Errors.push(`${state.Hostname}: Got request with no source`);
    else state.Received[source] = (state.Received[source] ?? 0) + 1;
    return reply(call, { body: `${JSON.stringify({ Hostname: state.Hostname })}\n` });
  });
  const lifetime = lifetimeOf(context, [service], (end) => {
    const delay = flags.number('delay-shutdown');
    if (delay > 0) goLog(context)(`Sleeping ${delay} seconds before exit ...`);
    if (delay > 0) clock.after(delay * 1000, () => end(0));
    else end(goTerminated);
  });
  void contactOthers(context, client, flags, state);
  return lifetime.ended;
};

function note(state: State, text: string): void {
  state.Log.push(text);
  if (state.Log.length > maxLog) state.Log.shift();
}

async function contactOthers(
  context: ProgramContext,
  client: InClusterClient,
  flags: ParsedFlags,
  state: State,
): Promise<void> {
  const { clock, killed } = context;
  const where = `${flags.text('namespace')}/${flags.text('service')}`;
  const start = clock.now();
  while (!killed.aborted && clock.now() - start < patienceMs) {
    const found = await endpointsOf(client, flags, state);
    if (found.length >= flags.number('peers')) break;
    note(
      state,
      `${where} has ${found.length} endpoints (${found.join(' ')}), which is less than ${flags.number('peers')} as expected. Waiting for all endpoints to come up.`,
    );
    await sleep(clock, pauseMs, killed);
  }
  for (let round = 0; round < rounds && !killed.aborted; round++) {
    for (const endpoint of await endpointsOf(client, flags, state)) {
      note(state, `Attempting to contact ${endpoint}`);
      await contact(context, endpoint, state);
    }
    await sleep(clock, pauseMs, killed);
  }
  state.StillContactingPeers = false;
}

async function contact(context: ProgramContext, endpoint: string, state: State): Promise<void> {
  try {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ Source: state.Hostname, Dest: endpoint });
    const answer = await fetchHttp(context, `${endpoint}/write`, { method: 'POST', headers, body });
    const { Hostname: name } = JSON.parse(answer.body) as { Hostname: string };
    state.Sent[name] = (state.Sent[name] ?? 0) + 1;
  } catch (error) {
    note(
      state,
      `Warning: unable to contact the endpoint ${JSON.stringify(endpoint)}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function endpointsOf(client: InClusterClient, flags: ParsedFlags, state: State): Promise<readonly string[]> {
  const [namespace, service] = [flags.text('namespace'), flags.text('service')];
  try {
    const { status, body } = await client.fetch(`/api/v1/namespaces/${namespace}/endpoints/${service}`);
    if (status !== 200) throw new Error(body);
    const { subsets = [] } = JSON.parse(body) as EndpointsObject;
    return subsets.flatMap(({ addresses = [], ports = [] }) =>
      addresses.flatMap(({ ip }) => ports.map(({ port }) => `http://${hostPort({ ip, port })}`)),
    );
  } catch (error) {
    note(
      state,
      `Unable to read the endpoints for ${namespace}/${service}: ${error instanceof Error ? error.message : error}.`,
    );
    return [];
  }
}

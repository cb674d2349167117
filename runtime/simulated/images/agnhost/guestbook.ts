import { sleep } from '../../../client/sleep.ts';
import type { ProgramContext } from '../../process.ts';
import { goLog } from '../go-command.ts';
import { fetchHttp } from '../http-client.ts';
import { type Answer, reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

const registerMs = 15_000;
const retryMs = 1000;
const timeoutMs = 5000;

/** A store that tells its replicas of changes, and a front that asks stores by name. */
export const guestbook: CommandProgram = async (context, flags) => {
  const log = goLog(context);
  const store = new Map<string, string>();
  const replicas: string[] = [];
  const backend = flags.text('backend-port');
  const refuse = (status: number, body: string): Answer => ({ status, body: `${body}\n` });
  const json = (value: unknown): Answer => ({ body: JSON.stringify(value) });
  const routes: Readonly<Record<string, (query: URLSearchParams) => Promise<Answer> | Answer>> = {
    '/register': (query) => {
      const host = query.get('host') ?? '';
      log(`GET /register?host=${host}`);
      replicas.push(host);
      log(`Node '${host}' registered.`);
      return json({ data: Object.fromEntries(store) });
    },
    '/get': (query) => {
      const key = query.get('key') ?? '';
      log(`GET /get?key=${key}`);
      return json({ data: key === '' ? Object.fromEntries(store) : (store.get(key) ?? '') });
    },
    '/set': async (query) => {
      const [key, value] = [query.get('key') ?? '', query.get('value') ?? ''];
      log(`GET /set?key=${key}&value=${value}`);
      if (key === '') return refuse(400, 'cannot set with empty key.');
      store.set(key, value);
      for (const replica of replicas) {
        try {
          await ask(context, replica, backend, `set?key=${key}&value=${value}`);
        } catch (error) {
          return refuse(417, `encountered error while propagating to replica '${replica}': ${messageOf(error)}`);
        }
      }
      return json({ message: 'Updated' });
    },
    '/guestbook': async (query) => {
      const [given, key, value] = [query.get('cmd') ?? '', query.get('key') ?? '', query.get('value') ?? ''];
      const command = given.toLowerCase();
      log(`GET /guestbook?cmd=${command}&key=${key}&value=${value}`);
      if (command !== 'get' && command !== 'set') return refuse(400, `unsupported cmd: '${command}'`);
      if (command === 'set' && key === '') return refuse(400, 'cannot set with empty key.');
      const host = command === 'get' ? 'agnhost-replica' : 'agnhost-primary';
      try {
        return { body: (await ask(context, host, backend, `${command}?key=${key}&value=${value}`)).body };
      } catch (error) {
        return refuse(417, `encountered error: ${messageOf(error)}`);
      }
    },
  };
  const service = serveHttp(context.network, flags.number('http-port'), async (call) => {
    const route = routes[call.url.pathname];
    reply(call, route === undefined ? refuse(404, '404 page not found') : await route(call.url.searchParams));
  });
  const lifetime = lifetimeOf(context, [service], (end) => end(goTerminated));
  if (flags.text('replicaof') !== '')
    void register(context, flags.text('replicaof'), backend, store, log).then((isDone) => isDone || lifetime.end(1));
  return lifetime.ended;
};

function ask(context: ProgramContext, host: string, port: string, request: string): ReturnType<typeof fetchHttp> {
  return fetchHttp(context, `http://${host.includes(':') ? `[${host}]` : host}:${port}/${request}`, { timeoutMs });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Answers whether the primary took it. */
async function register(
  context: ProgramContext,
  primary: string,
  port: string,
  store: Map<string, string>,
  log: (message: string) => void,
): Promise<boolean> {
  const { clock, killed, network } = context;
  const start = clock.now();
  while (clock.now() - start < registerMs && !killed.aborted) {
    log(`Registering to primary: ${primary}:${port}/register?host=${network.ips[0]}`);
    try {
      const { body } = await ask(context, primary, port, `register?host=${network.ips[0]}`);
      const { data } = JSON.parse(body) as { data: Record<string, string> };
      for (const [key, value] of Object.entries(data)) store.set(key, value);
      log(`Registered to node: ${primary}`);
      return true;
    } catch (error) {
      log(`encountered error while registering to primary: ${messageOf(error)}. Retrying in 1s.`);
      await sleep(clock, retryMs, killed);
    }
  }
  log('Timed out while registering to primary.');
  return killed.aborted;
}

import { bytesOf, fromBytes, textOf, unicodeOf } from '../../../files/byte-text.ts';
import type { ByteText } from '../../../files/file-tree.ts';
import { NetworkError } from '../../../network/network.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { reply, serveHttp } from '../http-service.ts';
import { lifetimeOf } from '../lifetime.ts';
import { LookupError, resolveAddress } from '../resolve.ts';
import { logTime } from '../web/static-site.ts';
import { encode, Parser, type Reply } from './resp.ts';

const page = `<html ng-app="redis">
  <head>
    <title>Guestbook</title>
  </head>
  <body ng-controller="RedisCtrl">
    <div style="width: 50%; margin-left: 20px">
      <h2>Guestbook</h2>
    </div>
  </body>
</html>
`;

/** Names of stores in the order of their age: newer front ends say leader and follower, older ones master and slave. */
const roles = {
  set: ['redis-leader', 'redis-master'],
  get: ['redis-follower', 'redis-slave', 'redis-replica'],
} as const;

/** The guestbook's front end: writes to the leader, reads from a follower. */
export const guestbookFrontend: Program = (context) => {
  const { network, stdout, clock } = context;
  const service = serveHttp(network, 80, async (call) => {
    const { request, flow, url } = call;
    const log = (status: number): void =>
      stdout.write(
        `${flow.from.ip} - - [${logTime(clock.now())}] "${request.method} ${request.url} HTTP/${request.httpVersion}" ${status} -\n`,
      );
    if (url.pathname === '/' || url.pathname === '/index.html') {
      log(200);
      return reply(call, { headers: { 'content-type': 'text/html' }, body: page });
    }
    if (url.pathname !== '/guestbook.php') {
      log(404);
      return reply(call, { status: 404, body: 'Not Found\n' });
    }
    const [command, key, value] = ['cmd', 'key', 'value'].map((name) => textOf(url.searchParams.get(name) ?? ''));
    try {
      const isSet = command === 'set';
      const answer = await ask(
        context,
        isSet ? 'set' : 'get',
        isSet ? ['set', key ?? '', value ?? ''] : ['get', key ?? ''],
      );
      log(200);
      const data = typeof answer === 'string' ? unicodeOf(answer) : '';
      return reply(call, {
        headers: { 'content-type': 'application/json' },
        body: isSet ? '{"message": "Updated"}' : `{"data": "${data}"}`,
      });
    } catch (error) {
      if (!(error instanceof NetworkError || error instanceof LookupError)) throw error;
      log(500);
      return reply(call, { status: 500, body: `Fatal error: ${error.message}\n` });
    }
  });
  return lifetimeOf(context, [service]).ended;
};

async function ask(context: ProgramContext, role: keyof typeof roles, words: readonly ByteText[]): Promise<Reply> {
  const { stream } = await connect(context, role);
  try {
    const parser = new Parser();
    stream.write(bytesOf(encode(words)));
    for await (const piece of stream) {
      parser.push(fromBytes(piece as Buffer));
      const answer = parser.next();
      if (answer !== undefined) return answer;
    }
    return null;
  } finally {
    stream.destroy();
  }
}

/** By the environment when it says so, and by names otherwise. */
async function connect(context: ProgramContext, role: keyof typeof roles) {
  const { environment, network, killed } = context;
  const isByEnvironment = environment.get('GET_HOSTS_FROM') === 'env';
  let missing: unknown;
  for (const name of roles[role]) {
    const host = isByEnvironment ? environment.get(`${name.replaceAll('-', '_').toUpperCase()}_SERVICE_HOST`) : name;
    if (host === undefined) continue;
    try {
      return await network.connect(await resolveAddress(context, host, 6379), { signal: killed });
    } catch (error) {
      if (!(error instanceof LookupError)) throw error;
      missing ??= error;
    }
  }
  throw missing ?? new LookupError(`no service for ${role}`);
}

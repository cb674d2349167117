import { parseIP } from '../../../../api/ip.ts';
import type { ProgramContext } from '../../process.ts';
import { hostPort } from '../go-command.ts';
import { fetchHttp } from '../http-client.ts';
import { reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

/** Asks others under which address they see it. */
export const noSnatTest: CommandProgram = (context, flags) => {
  const { environment, network, stderr } = context;
  for (const name of ['POD_IP', 'NODE_IP']) {
    const value = environment.get(name);
    if (value !== undefined && parseIP(value) !== undefined) continue;
    const what =
      value === undefined
        ? 'was not present in the environment'
        : `contained ${JSON.stringify(value)}, which is not an IP address`;
    stderr.write(`${name} env var ${what}\n`);
    return 1;
  }
  const service = serveHttp(network, flags.number('port'), async (call) => {
    if (call.url.pathname === '/whoami') return reply(call, { body: hostPort(call.flow.from) });
    if (call.url.pathname !== '/checknosnat') return reply(call, { status: 404, body: '404 page not found\n' });
    const problems: string[] = [];
    for (const ip of (call.url.searchParams.get('ips') ?? '').split(',')) {
      const problem = await problemOf(context, ip);
      if (problem !== undefined) problems.push(problem);
    }
    return reply(call, problems.length > 0 ? { status: 500, body: problems.join(', ') } : {});
  });
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

async function problemOf(context: ProgramContext, ip: string): Promise<string | undefined> {
  const own = context.environment.get('POD_IP') ?? '';
  const node = context.environment.get('NODE_IP') ?? '';
  try {
    const { body } = await fetchHttp(context, `http://${ip}/whoami`);
    const seen = body.split(':')[0] ?? '';
    if (seen === own) return undefined;
    const quoted = JSON.stringify;
    return seen === node
      ? `Returned ip ${quoted(seen)} != my Pod ip ${quoted(own)}, == my Node ip ${quoted(node)} - SNAT`
      : `Returned ip ${quoted(seen)} != my Pod ip ${quoted(own)} or my Node ip ${quoted(node)} - SNAT to unexpected ip (possible SNAT through unexpected interface on the way into another node)`;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `Get "http://${ip}/whoami": ${error.message}`;
  }
}

/** Hands the question on to a pod. */
export const noSnatTestProxy: CommandProgram = (context, flags) => {
  const service = serveHttp(context.network, flags.number('port'), async (call) => {
    const query = call.url.searchParams;
    const url = `http://${query.get('target') ?? ''}/checknosnat?ips=${query.get('ips') ?? ''}`;
    try {
      const { status, body } = await fetchHttp(context, url);
      return reply(call, { status, body });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return reply(call, { status: 500, body: `error querying ${JSON.stringify(url)}, err: ${error.message}` });
    }
  });
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

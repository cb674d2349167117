import type { ProgramContext } from '../../process.ts';
import { fetchHttp } from '../http-client.ts';
import { type Answer, formOf, reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

interface Kind {
  readonly total: string;
  readonly share: string;
  readonly verb: string;
  readonly unit: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  '/ConsumeCPU': { total: 'millicores', share: 'requestSizeMillicores', verb: 'consume', unit: 'millicores' },
  '/ConsumeMem': { total: 'megabytes', share: 'requestSizeMegabytes', verb: 'consume', unit: 'MB' },
  '/BumpMetric': { total: 'delta', share: 'requestSizeMetrics', verb: 'bump custom metric by', unit: '' },
};

/** Shares out a wish among the pods of a Service, in requests of a size. */
export const consumerController: CommandProgram = (context, flags) => {
  const host = `${flags.text('consumer-service-name')}.${flags.text('consumer-service-namespace')}.svc.${domainOf(context)}`;
  const target = `http://${host}:${flags.number('consumer-port')}`;
  const service = serveHttp(context.network, flags.number('port'), async (call) => {
    if (call.request.method !== 'POST') return reply(call, { status: 400, body: 'Not a POST request\n' });
    return reply(call, await share(context, target, call.url.pathname, await formOf(call)));
  });
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

function domainOf({ files }: ProgramContext): string {
  const search = /^search\s+(.*)$/m.exec(files.read('/etc/resolv.conf') ?? '')?.[1] ?? '';
  return (
    search
      .split(/\s+/)
      .find((one) => one.startsWith('svc.'))
      ?.slice(4) ?? 'cluster.local'
  );
}

async function share(context: ProgramContext, target: string, path: string, form: URLSearchParams): Promise<Answer> {
  const kind = kinds[path];
  if (kind === undefined) return { status: 404, body: 'unknown function\n' };
  const texts = [form.get('durationSec') ?? '', form.get(kind.total) ?? '', form.get(kind.share) ?? ''];
  if (texts.includes('')) return { status: 400, body: 'not given function argument\n' };
  const [, total = 0, size = 0] = texts.map(Number);
  if (!texts.every((text) => /^\d+$/.test(text)) || size === 0)
    return { status: 400, body: 'incorrect function argument\n' };
  const count = Math.floor(total / size);
  const rest = total - count * size;
  const amounts = [...Array.from({ length: count }, () => size), ...(rest > 0 ? [rest] : [])];
  const results = await Promise.all(amounts.map((amount) => send(context, target + path, form, kind, amount)));
  const unit = kind.unit === '' ? '' : ` ${kind.unit}`;
  const head = `RC manager: sending ${count} requests to ${kind.verb} ${size}${unit} each and 1 request to ${kind.verb.replace(' custom metric', '')} ${rest}${unit}\n`;
  return { body: head + results.join('') };
}

async function send(
  context: ProgramContext,
  url: string,
  form: URLSearchParams,
  kind: Kind,
  amount: number,
): Promise<string> {
  const body = new URLSearchParams([...form].filter(([name]) => name === 'durationSec' || name === 'metric'));
  body.set(kind.total, String(amount));
  try {
    await fetchHttp(context, url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: body.toString(),
    });
    return kind.unit === ''
      ? `Bumped metric ${form.get('metric')} by ${amount}\n`
      : `Consumed ${amount} ${kind.total}\n`;
  } catch (error) {
    return `Failed to connect to consumer: ${error instanceof Error ? error.message : error}\n`;
  }
}

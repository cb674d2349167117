import { parseYaml } from '../../../../api/yaml.ts';
import { klog } from '../go-command.ts';
import { type Answer, bodyOf, reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

type Custom = Record<string, unknown>;

interface Status {
  readonly metadata: object;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
}

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Custom[] };
}

/** Converts between the two versions of the example in Kubernetes' documentation: `hostPort`, or `host` and `port`. */
export const conversionWebhook: CommandProgram = (context, flags) => {
  const { files, network } = context;
  const log = klog(context, 'config.go:44');
  const [cert, key] = [files.read(flags.text('tls-cert-file')), files.read(flags.text('tls-private-key-file'))];
  if (cert === undefined || key === undefined) {
    log(`open ${flags.text('tls-cert-file')}: no such file or directory`, 'F');
    return 255;
  }
  const service = serveHttp(
    network,
    flags.number('port'),
    async (call) => {
      if (call.url.pathname === '/readyz') return reply(call, { body: 'ok' });
      if (call.url.pathname !== '/crdconvert') return reply(call, { status: 404, body: '404 page not found\n' });
      return reply(call, convert(call.request.headers['content-type'] ?? '', await bodyOf(call.request)));
    },
    { tls: { cert, key } },
  );
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

function convert(type: string, body: string): Answer {
  const bad = (message: string): Answer => ({ status: 400, body: `${message}\n` });
  if (type !== 'application/json' && type !== 'application/yaml') return bad(`invalid Content-Type header \`${type}\``);
  let review: Review;
  try {
    review = type === 'application/json' ? JSON.parse(body) : (parseYaml(body) as unknown as Review);
  } catch (error) {
    return bad(`failed to deserialize body (${body}) with error ${error instanceof Error ? error.message : error}`);
  }
  if (review.kind !== 'ConversionReview')
    return bad(`Unsupported group version kind: ${review.apiVersion}, Kind=${review.kind}`);
  const { uid, desiredAPIVersion, objects } = review.request;
  const convertedObjects: Custom[] = [];
  let result: Status = { metadata: {}, status: 'Success' };
  for (const object of objects) {
    const converted = convertOne(object, desiredAPIVersion);
    if (typeof converted === 'string') {
      result = { metadata: {}, status: 'Failure', message: converted };
      break;
    }
    convertedObjects.push({ ...converted, apiVersion: desiredAPIVersion });
  }
  const isDone = result.status === 'Success';
  const response = { uid, convertedObjects: isDone ? convertedObjects : null, result };
  return {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: review.kind, apiVersion: review.apiVersion, response }),
  };
}

/** Or why it cannot be done. */
function convertOne(object: Custom, version: string): Custom | string {
  const from = String(object['apiVersion']);
  if (from === version) return `conversion from a version to itself should not call the webhook: ${version}`;
  if (from === 'stable.example.com/v1' && version === 'stable.example.com/v2') {
    const { hostPort, ...rest } = object;
    if (hostPort === undefined) return rest;
    const parts = String(hostPort).split(':');
    return parts.length === 2 ? { ...rest, host: parts[0], port: parts[1] } : `invalid hostPort value \`${hostPort}\``;
  }
  if (from === 'stable.example.com/v2' && version === 'stable.example.com/v1') {
    const { host, port, ...rest } = object;
    return host === undefined && port === undefined ? rest : { ...rest, hostPort: `${host ?? ''}:${port ?? ''}` };
  }
  const unexpected = /^stable\.example\.com\/v[12]$/.test(from) ? version : from;
  return `unexpected conversion version ${JSON.stringify(unexpected)}`;
}

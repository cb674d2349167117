import type { Program } from '../../process.ts';
import { intFlag, klog, stringFlag } from '../go-command.ts';
import { bodyOf, type HttpCall, reply, serveHttp } from '../http-service.ts';
import { lifetimeOf } from '../lifetime.ts';
import { Failure, FlunderStore, statusOf } from './flunder-store.ts';
import { group, groupDocument, groupList, resourceList, resources, versions } from './wardle.ts';

const flags = {
  'etcd-servers': stringFlag(''),
  'secure-port': intFlag(443),
  'tls-cert-file': stringFlag(''),
  'tls-private-key-file': stringFlag(''),
};

/** Kubernetes' example of an aggregated API server: Flunders and Fischers, which it keeps in memory; no etcd is asked. */
export const sampleApiServer: Program = (context) => {
  const { args, files, network, stdout, clock, random } = context;
  const log = klog(context, 'secure_serving.go:213');
  const given = new Map(
    args.slice(1).map((word) => [word.replace(/^--|=.*$/g, ''), word.replace(/^[^=]*=/, '')] as const),
  );
  const textOf = (flag: keyof typeof flags): string => given.get(flag) ?? String(flags[flag].value);
  const [cert, key] = [files.read(textOf('tls-cert-file')), files.read(textOf('tls-private-key-file'))];
  if (cert === undefined || key === undefined) {
    log(`open ${textOf('tls-cert-file')}: no such file or directory`, 'E');
    return 1;
  }
  const store = new FlunderStore(clock, random);
  const isAudited = given.get('audit-log-path') === '-';
  const port = Number(textOf('secure-port'));
  const service = serveHttp(
    network,
    port,
    async (call) => {
      await answer(store, call);
      if (isAudited) stdout.write(auditLine(call, clock.now(), random.uuid()));
    },
    { tls: { cert, key } },
  );
  log(`Serving securely on [::]:${port}`);
  return lifetimeOf(context, [service], (end) => end(0)).ended;
};

function auditLine({ request, response, flow }: HttpCall, now: number, auditID: string): string {
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: request.url,
    verb: request.method?.toLowerCase(),
    user: { username: request.headers['x-remote-user'] ?? 'system:anonymous' },
    sourceIPs: [flow.from.ip],
    responseStatus: { code: response.statusCode },
    stageTimestamp: new Date(now).toISOString(),
  };
  return `${JSON.stringify(event)}\n`;
}

const documents: Readonly<Record<string, unknown>> = {
  '/': { paths: ['/apis', `/apis/${group}`, '/healthz', '/livez', '/openapi/v2', '/readyz', '/version'] },
  '/apis': groupList,
  [`/apis/${group}`]: groupDocument,
  '/openapi/v2': { swagger: '2.0', info: { title: 'wardle', version: '0.1' }, paths: {} },
  '/version': { major: '1', minor: '29', gitVersion: 'v1.29.2' },
  ...Object.fromEntries(versions.map((version) => [`/apis/${group}/${version}`, resourceList(version)])),
};

async function answer(store: FlunderStore, call: HttpCall): Promise<void> {
  const { pathname } = call.url;
  if (['/healthz', '/readyz', '/livez'].includes(pathname)) return reply(call, { body: 'ok' });
  const document = documents[pathname];
  if (document !== undefined) return json(call, 200, document);
  const [, version = '', namespace = '', plural = '', name = ''] =
    new RegExp(`^/apis/${group}/(\\w+)(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+))?$`).exec(pathname) ?? [];
  const resource = resources[plural];
  if (!versions.includes(version) || resource === undefined)
    return reply(call, { status: 404, body: '404 page not found\n' });
  if (call.request.headers['x-remote-user'] === undefined)
    return json(
      call,
      403,
      statusOf({
        code: 403,
        reason: 'Forbidden',
        message: `${plural}.${group} is forbidden: User "system:anonymous" cannot ${call.request.method?.toLowerCase()} resource "${plural}" in API group "${group}"`,
      }),
    );
  const body = call.request.method === 'GET' ? '' : await bodyOf(call.request);
  if (call.url.searchParams.get('watch') === 'true' || call.url.searchParams.get('watch') === '1') {
    call.response.writeHead(200, { 'content-type': 'application/json' });
    call.response.flushHeaders();
    const stop = store.watch(
      { plural, namespace, version },
      (event) => void call.response.write(`${JSON.stringify(event)}\n`),
    );
    call.response.once('close', stop);
    return undefined;
  }
  try {
    const { status, object } = store.handle(call.request.method ?? 'GET', { plural, namespace, name, version }, body);
    return json(call, status, object);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return json(call, error.code, statusOf(error));
  }
}

function json(call: HttpCall, status: number, value: unknown): void {
  reply(call, { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
}

import type { KubeObject } from '../../api/object.ts';
import { badRequest } from '../../api/status.ts';
import { methodNotAllowed } from './error-response.ts';
import { type ApiDeps, type ResourceCall, writeRequestOf } from './handlers/handler.ts';
import type { ApiResponse } from './message.ts';

type Handler = (deps: ApiDeps, call: ResourceCall) => Promise<ApiResponse> | ApiResponse;

/** What a kubelet or a pod answers. */
const connections: Readonly<Record<string, string | undefined>> = {
  'pods/exec': 'PodExecOptions',
  'pods/attach': 'PodAttachOptions',
  'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions',
  'services/proxy': 'ServiceProxyOptions',
  'nodes/proxy': 'NodeProxyOptions',
};

const flags = ['stdin', 'stdout', 'stderr', 'tty'];

/** The options of a connection, which stand in the query and path, as the object that admission sees. */
function connectOptions(kind: string, { query, info, request }: ResourceCall): KubeObject {
  const options: Record<string, unknown> = { kind, apiVersion: 'v1' };
  if (kind.endsWith('ProxyOptions')) {
    const path = info.subpath === '' ? '' : `/${info.subpath}`;
    options['path'] = request.path.endsWith('/') && !path.endsWith('/') ? `${path}/` : path;
  } else if (kind === 'PodPortForwardOptions') {
    const ports = query
      .all('ports')
      .flatMap((text) => text.split(','))
      .map(Number);
    if (ports.length > 0) options['ports'] = ports;
  } else {
    for (const flag of flags) if (query.bool(flag)) options[flag] = true;
    if (query.get('container') !== '') options['container'] = query.get('container');
    const command = query.all('command');
    if (command.length > 0) options['command'] = [...command];
  }
  return options as KubeObject;
}

const connect =
  (name: string, kind: string): Handler =>
  async (deps, call) => {
    const { info } = call;
    if (call.query.has('dryRun')) throw badRequest('dryRun is not supported');
    const object = connectOptions(kind, call);
    const { admission } = writeRequestOf(deps, call, {
      subresource: info.subresource,
      kind: { group: '', version: 'v1', kind },
      name: info.name,
      dryRun: false,
    });
    await admission.mutate('CONNECT', object, undefined);
    await admission.validate('CONNECT', object, undefined);
    return answer(name)(deps, call);
  };

/** What carries connections is loaded for the first of them. */
const answer =
  (name: string): Handler =>
  async (deps, call) => {
    const { nodeHandlers } = await import('../nodes/handlers.ts');
    const handler = nodeHandlers[name];
    if (handler === undefined) throw new Error(`nobody answers ${name}`);
    return handler(deps, call);
  };

const subresources = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Whether the answer is another's, in whatever media type it likes. */
export function isAnsweredByNodes(group: string, subresource: string): boolean {
  return group === '' && subresources.has(subresource);
}

const proxiedMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

function takes(name: string, method: string): boolean {
  if (name === 'pods/log') return method === 'GET';
  return name.endsWith('/proxy') ? proxiedMethods.includes(method) : method === 'GET' || method === 'POST';
}

/** By `resource/subresource`: what nodes answer. Throws for methods that they do not know. */
export function nodeHandler(name: string, method: string): Handler | undefined {
  const kind = connections[name];
  if (kind === undefined && name !== 'pods/log') return undefined;
  if (!takes(name, method)) throw methodNotAllowed();
  return kind === undefined ? answer(name) : connect(name, kind);
}

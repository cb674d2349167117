import type { KubeObject } from '../../api/object.ts';
import { badRequest, StatusError } from '../../api/status.ts';
import { type ApiDeps, type ResourceCall, writeRequestOf } from './handlers/handler.ts';
import { findEntry } from './handlers/read.ts';
import type { ApiResponse } from './message.ts';

type Handler = (deps: ApiDeps, call: ResourceCall) => Promise<ApiResponse> | ApiResponse;

/** What a kubelet answers, and this server runs none yet. */
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
function connectOptions(kind: string, { query, info }: ResourceCall): KubeObject {
  const options: Record<string, unknown> = { kind, apiVersion: 'v1' };
  if (kind.endsWith('ProxyOptions')) options['path'] = `/${info.subpath}`;
  else if (kind === 'PodPortForwardOptions') {
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
  (kind: string): Handler =>
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
    return refuseWithoutNode(deps, call);
  };

/** The object must exist, a pod must have been bound; what comes then needs a kubelet. */
const refuseWithoutNode: Handler = (_deps, { served, info }) => {
  const { stored } = served;
  const object = stored.cache.objectOf(findEntry(stored, info.namespace, info.name)) as {
    spec?: { nodeName?: string };
  };
  if (stored.resource === 'pods' && (object.spec?.nodeName ?? '') === '') {
    throw badRequest(`pod ${info.name} does not have a host assigned`);
  }
  throw new StatusError(
    'ServiceUnavailable',
    `${stored.resource}/${info.subresource} is answered by nodes, and this server runs none yet`,
  );
};

/** By `resource/subresource`: what nodes answer. */
export function nodeHandler(name: string): Handler | undefined {
  if (name === 'pods/log') return refuseWithoutNode;
  const kind = connections[name];
  return kind === undefined ? undefined : connect(kind);
}

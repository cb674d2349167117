import { forbiddenError } from '../../api/status.ts';
import { attributesOf } from '../http/attributes.ts';
import type { ApiDeps, ResourceCall } from '../http/handlers/handler.ts';
import type { ApiResponse } from '../http/message.ts';
import { answerCommand } from './command/answer.ts';
import { answerPortForward } from './forward/answer.ts';
import { answerLogs } from './logs.ts';
import { answerFrom } from './proxy/answer.ts';
import { podBackend, serviceBackend } from './proxy/location.ts';
import { answerNodeProxy } from './proxy/nodes.ts';

type Handler = (deps: ApiDeps, call: ResourceCall) => Promise<ApiResponse>;

/** A WebSocket begins with a GET: whoever may only read must not run commands by it. Upstream: ensureAuthorizedForVerb. */
const asCreate =
  (handler: Handler): Handler =>
  async (deps, call) => {
    const { request, user, info } = call;
    const asked = attributesOf(request, user, info);
    if (asked.isResource && asked.verb !== 'create' && deps.nodes?.authorizer !== undefined) {
      const { decision, reason } = await deps.nodes.authorizer.authorize({ ...asked, verb: 'create' });
      if (decision !== 'allow') throw forbiddenError({ group: '', resource: info.resource }, info.name, reason);
    }
    return handler(deps, call);
  };

/** What nodes and their pods answer, by `resource/subresource`. */
export const nodeHandlers: Readonly<Record<string, Handler>> = {
  'pods/log': answerLogs,
  'pods/exec': asCreate(answerCommand),
  'pods/attach': asCreate(answerCommand),
  'pods/portforward': asCreate(answerPortForward),
  'pods/proxy': async (deps, call) => answerFrom(deps, call, podBackend(deps, call)),
  'services/proxy': async (deps, call) => answerFrom(deps, call, serviceBackend(deps, call)),
  'nodes/proxy': answerNodeProxy,
};

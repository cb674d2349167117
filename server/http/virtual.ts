import type { GroupVersionKind, KubeObject } from '../../api/object.ts';
import { notFoundError } from '../../api/status.ts';
import { reviewAccess, reviewLocalAccess, reviewSelfAccess } from '../auth/access-review.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { reviewRules, reviewSelf, reviewToken } from '../auth/self-review.ts';
import type { TokenVerifier } from '../auth/token-verifier.ts';
import { notAcceptable } from './accept.ts';
import { unknownResource } from './error-response.ts';
import {
  type ApiDeps,
  contentTypeOf,
  managerOfCall,
  type ResourceCall,
  readBodyOf,
  renderingOf,
} from './handlers/handler.ts';
import type { ApiResponse } from './message.ts';
import { queryOptions } from './operation-options.ts';
import type { VirtualResource } from './pipeline.ts';
import { bindPod } from './pod-actions.ts';
import { writeOptions } from './query.ts';
import { renderAny } from './render.ts';
import { warningHeaders } from './warning-headers.ts';

type Call = Omit<ResourceCall, 'served'>;
type Answer = (object: KubeObject, call: Call) => Promise<unknown> | unknown;

export interface VirtualDeps extends ApiDeps {
  readonly tokens: TokenVerifier;
  readonly authorizer: Authorizer;
}

function reply(deps: VirtualDeps, call: Call, status: number, body: unknown): ApiResponse {
  const rendering = renderingOf(deps, call);
  // Reviews have no metadata to show by itself and no columns.
  if (rendering.form.as !== 'object' && status === 201) throw notAcceptable();
  const plain = { ...rendering, form: { ...rendering.form, as: 'object' as const } };
  return {
    status,
    headers: { 'content-type': contentTypeOf(rendering), ...warningHeaders(call.warnings) },
    body: renderAny(body, plain),
  };
}

async function admit(
  deps: VirtualDeps,
  { info, user, query, warnings }: Call,
  kind: GroupVersionKind,
  { object, dryRun }: { readonly object: KubeObject; readonly dryRun: boolean },
): Promise<void> {
  const { group, version, resource, namespace } = info;
  const admission = deps.admission({
    served: { definition: { group, version, resource } },
    subresource: '',
    kind,
    namespace,
    name: '',
    user,
    dryRun,
    options: queryOptions(query),
    warn: (text) => void warnings.push(text),
  });
  await admission.mutate('CREATE', object, undefined);
  await admission.validate('CREATE', object, undefined);
}

/** A kind that is answered and not stored. */
function review(deps: VirtualDeps, gvk: GroupVersionKind, answer: Answer, namespaced = false): VirtualResource {
  const [group] = gvk.group.split('.');
  const place = { gvk, typeName: `io.k8s.api.${group}.${gvk.version}.${gvk.kind}`, subresource: '' };
  return {
    namespaced,
    methods: {
      POST: async (call) => {
        const options = writeOptions(call.query, 'CreateOptions');
        const object = await readBodyOf<KubeObject>(deps, call, gvk, options.fieldValidation);
        const manage = deps.fields.answering(place, managerOfCall(call, options.fieldManager));
        object.metadata = { ...object.metadata, managedFields: await manage(undefined, object) };
        await admit(deps, call, gvk, { object, dryRun: options.dryRun });
        return reply(deps, call, 201, await answer(object, call));
      },
    },
  };
}

const components = ['controller-manager', 'scheduler', 'etcd-0'];

function componentStatus(name: string): object {
  return { metadata: { name }, conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] };
}

/** Everything runs in this process: what answers is healthy. */
function componentStatuses(deps: VirtualDeps): VirtualResource {
  return {
    namespaced: false,
    methods: {
      GET: async (call) => {
        return reply(deps, call, 200, {
          kind: 'ComponentStatusList',
          apiVersion: 'v1',
          metadata: {},
          items: components.map(componentStatus),
        });
      },
      'GET name': async (call) => {
        if (!components.includes(call.info.name))
          throw notFoundError({ group: '', resource: 'componentstatus' }, call.info.name);
        return reply(deps, call, 200, {
          kind: 'ComponentStatus',
          apiVersion: 'v1',
          ...componentStatus(call.info.name),
        });
      },
    },
  };
}

/** POST of `bindings`: the older way to bind a pod. */
function legacyBindings(deps: VirtualDeps): VirtualResource {
  return {
    namespaced: true,
    methods: {
      POST: async (call) => {
        const served = deps.resources.served('', 'v1', 'pods');
        if (served === undefined) throw unknownResource();
        return bindPod(deps, { ...call, served });
      },
    },
  };
}

/** By `group/version/resource`. */
export function createVirtualResources(deps: VirtualDeps): ReadonlyMap<string, VirtualResource> {
  const { clock } = deps.registry;
  const authentication = (kind: string): GroupVersionKind => ({ group: 'authentication.k8s.io', version: 'v1', kind });
  const authorization = (kind: string): GroupVersionKind => ({ group: 'authorization.k8s.io', version: 'v1', kind });
  return new Map([
    [
      'authentication.k8s.io/v1/tokenreviews',
      review(deps, authentication('TokenReview'), (object) => reviewToken(object, deps.tokens)),
    ],
    [
      'authentication.k8s.io/v1/selfsubjectreviews',
      review(deps, authentication('SelfSubjectReview'), (_, { user }) => reviewSelf(user, clock.now())),
    ],
    [
      'authorization.k8s.io/v1/subjectaccessreviews',
      review(deps, authorization('SubjectAccessReview'), (object) => reviewAccess(object, deps.authorizer)),
    ],
    [
      'authorization.k8s.io/v1/localsubjectaccessreviews',
      review(
        deps,
        authorization('LocalSubjectAccessReview'),
        (object, { info }) => reviewLocalAccess(object, info.namespace, deps.authorizer),
        true,
      ),
    ],
    [
      'authorization.k8s.io/v1/selfsubjectaccessreviews',
      review(deps, authorization('SelfSubjectAccessReview'), (object, { user }) =>
        reviewSelfAccess(object, user, deps.authorizer),
      ),
    ],
    [
      'authorization.k8s.io/v1/selfsubjectrulesreviews',
      review(deps, authorization('SelfSubjectRulesReview'), (object, { user }) =>
        reviewRules(object, user, deps.authorizer),
      ),
    ],
    ['/v1/componentstatuses', componentStatuses(deps)],
    ['/v1/bindings', legacyBindings(deps)],
  ]);
}

import type { KubeObject } from '../../api/object.ts';
import {
  createTokenRequest,
  defaultExpirationSeconds,
  type TokenIssuer,
  type TokenRequest,
} from '../auth/token-request.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { scalableResources } from '../resources/apps/scale.ts';
import { managerOfCall, readBodyOf, renderingOf, respond, writeRequestOf } from './handlers/handler.ts';
import type { ResourceHandler } from './pipeline.ts';
import { bindPod, evictPod } from './pod-actions.ts';
import { writeOptions } from './query.ts';
import { renderAny } from './render.ts';
import { scaleHandlers } from './scale.ts';

const tokenRequestKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const tokenRequest = {
  gvk: tokenRequestKind,
  typeName: 'io.k8s.api.authentication.v1.TokenRequest',
  subresource: 'token',
};

/** POST of `serviceaccounts/NAME/token`. */
function createToken({ issuer, reader }: SubresourceDeps): ResourceHandler {
  return async (deps, call) => {
    const rendering = renderingOf(deps, call);
    const options = writeOptions(call.query, 'CreateOptions');
    const given = await readBodyOf<TokenRequest>(deps, call, tokenRequestKind, options.fieldValidation);
    const { namespace, name } = call.info;
    const now = deps.registry.clock.now();
    const random = (): string => deps.registry.random.uuid();
    const target = { subresource: 'token', kind: tokenRequestKind, name, dryRun: options.dryRun };
    const { admission } = writeRequestOf(deps, call, target);
    given.spec = { ...given.spec, expirationSeconds: given.spec?.expirationSeconds ?? defaultExpirationSeconds };
    const manage = deps.fields.answering(tokenRequest, managerOfCall(call, options.fieldManager));
    given.metadata = { ...given.metadata, managedFields: await manage(undefined, given as KubeObject) };
    await admission.mutate('CREATE', given as KubeObject, undefined);
    const answer = await createTokenRequest(given, {
      namespace,
      name,
      now,
      reader,
      issuer,
      uuid: random,
      admit: (request) => admission.validate('CREATE', request, undefined),
    });
    return respond(call, 201, renderAny(answer, rendering), rendering);
  };
}

export interface SubresourceDeps {
  readonly issuer: TokenIssuer;
  readonly reader: ClusterReader;
}

/** Subresources that carry another kind than their resource, or act. */
export function createSubresources(
  options: SubresourceDeps,
): ReadonlyMap<string, Readonly<Record<string, ResourceHandler>>> {
  const scales = [...scalableResources].map((name) => [`${name}/scale`, scaleHandlers] as const);
  return new Map<string, Readonly<Record<string, ResourceHandler>>>([
    ...scales,
    ['serviceaccounts/token', { POST: createToken(options) }],
    ['pods/binding', { POST: bindPod }],
    ['pods/eviction', { POST: evictPod }],
  ]);
}

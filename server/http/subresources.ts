import {
  fromScaleManagedFields,
  type ReplicasPaths,
  specReplicas,
  toScaleManagedFields,
} from '../../api/apply/scale.ts';
import type { KubeObject } from '../../api/object.ts';
import { apiVersionOf, groupResourceName } from '../../api/object.ts';
import { applyFieldValidation } from '../../api/schema/body.ts';
import { notFoundError } from '../../api/status.ts';
import { createTokenRequest, type TokenIssuer, type TokenRequest } from '../auth/token-request.ts';
import { asGiven } from '../registry/field-management.ts';
import { groupResourceOf, type ServedResource } from '../registry/resource.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { updateObject } from '../registry/update.ts';
import { applyScale, type Scale, scalableResources, scaleOf } from '../resources/apps/scale.ts';
import { applyType, checkStrict, decodeApplied, parseApplied } from './handlers/apply.ts';
import {
  type ApiDeps,
  managerOfCall,
  maxBodyBytes,
  mediaTypeOf,
  type ResourceCall,
  renderingOf,
  respond,
  writeRequestOf,
} from './handlers/handler.ts';
import { applyPatch, parsePatch } from './handlers/patch.ts';
import { findEntry } from './handlers/read.ts';
import { checkName } from './handlers/write.ts';
import type { ApiResponse } from './message.ts';
import type { ResourceHandler } from './pipeline.ts';
import { bindPod, evictPod } from './pod-actions.ts';
import { type WriteOptions, writeOptions } from './query.ts';
import { renderAny, renderSubresource } from './render.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
const tokenRequestKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const scaleType = 'io.k8s.api.autoscaling.v1.Scale';

function respondScale(deps: ApiDeps, call: ResourceCall, object: Readonly<KubeObject>): ApiResponse {
  const rendering = renderingOf(deps, call);
  const scale = scaleOf(groupResourceName(call.served.definition), object);
  return respond(call, 200, renderSubresource('scale', scale, rendering), rendering);
}

const getScale: ResourceHandler = (deps, call) => {
  const { stored } = call.served;
  return respondScale(deps, call, stored.cache.objectOf(findEntry(stored, call.info.namespace, call.info.name)));
};

/** Every version of the scalable kinds keeps its replicas in the same place. */
function replicasPaths(deps: ApiDeps, served: ServedResource): ReplicasPaths {
  const versions = deps.resources.all.filter(({ stored }) => stored === served.stored);
  return Object.fromEntries(versions.map(({ definition }) => [apiVersionOf(definition), specReplicas]));
}

/** `wanted` makes the Scale to set out of the present one. */
async function updateScale(
  deps: ApiDeps,
  call: ResourceCall,
  dryRun: boolean,
  wanted: (current: Scale) => Scale,
): Promise<ApiResponse> {
  const { served, info } = call;
  const resource = groupResourceName(served.definition);
  const write = writeRequestOf(deps, call, {
    subresource: 'scale',
    kind: scaleKind,
    name: info.name,
    dryRun,
    manage: asGiven,
  });
  const paths = replicasPaths(deps, served);
  const transform = (old: Readonly<KubeObject> | undefined): KubeObject => {
    if (old === undefined) throw notFoundError(groupResourceOf(served.stored), info.name);
    const before = old.metadata?.managedFields;
    const current = scaleOf(resource, old);
    current.metadata = { ...current.metadata, managedFields: toScaleManagedFields(before, paths) };
    const scale = wanted(current);
    checkName(scale, info.name, info.namespace);
    const { managedFields: scalers } = scale.metadata ?? {};
    scale.metadata = { ...scale.metadata, managedFields: undefined };
    const object = structuredClone(old) as KubeObject;
    applyScale(resource, object, scale);
    object.metadata = { ...object.metadata, resourceVersion: scale.metadata?.resourceVersion };
    if (scale.metadata?.resourceVersion === undefined) object.metadata.resourceVersion = old.metadata?.resourceVersion;
    object.metadata.managedFields = fromScaleManagedFields(before, scalers, apiVersionOf(served.definition), paths);
    return object;
  };
  const { object } = await updateObject(
    deps.registry,
    served.stored,
    info.name,
    { transform },
    { ...write, subresource: '' },
  );
  return respondScale(deps, call, object);
}

const putScale: ResourceHandler = async (deps, call) => {
  const options = writeOptions(call.query, 'UpdateOptions');
  const bytes = await call.request.readBody(maxBodyBytes);
  const body = deps.body.decodeRequestBody(mediaTypeOf(call), bytes, scaleKind);
  call.warnings.push(...applyFieldValidation(body, 'Scale', options.fieldValidation));
  const manager = managerOfCall(call, options.fieldManager);
  return updateScale(deps, call, options.dryRun, (current) => {
    const scale = structuredClone(body.object) as Scale;
    return managedScale(deps, current, scale, manager);
  });
};

const patchScale: ResourceHandler = async (deps, call) => {
  const bytes = await call.request.readBody(maxBodyBytes);
  const type = mediaTypeOf(call);
  const options = writeOptions(call.query, 'PatchOptions', type === applyType);
  if (type === applyType) return applyToScale(deps, call, bytes, options);
  const patch = parsePatch(type, bytes, options.fieldValidation);
  const warn = (text: string): void => void call.warnings.push(text);
  return updateScale(deps, call, options.dryRun, (current) => {
    const copy = structuredClone(current) as KubeObject;
    const scale = applyPatch(deps, scaleType, { patch, fieldValidation: options.fieldValidation, warn }, copy);
    return managedScale(deps, current, scale as Scale, managerOfCall(call, options.fieldManager));
  });
};

function managedScale(deps: ApiDeps, current: Scale, scale: Scale, manager: string): Scale {
  const managedFields = deps.fields.updateScale(current as KubeObject, scale as KubeObject, manager);
  scale.metadata = { ...scale.metadata, managedFields };
  return scale;
}

async function applyToScale(
  deps: ApiDeps,
  call: ResourceCall,
  bytes: Uint8Array,
  { dryRun, fieldValidation, fieldManager: manager }: WriteOptions,
): Promise<ApiResponse> {
  const body = parseApplied(bytes);
  const source = { manager, force: call.query.bool('force') };
  return updateScale(deps, call, dryRun, (current) => {
    const applied = structuredClone(body.value);
    const made = deps.fields.applyScale({ ...source, live: current as KubeObject, applied });
    checkStrict({ body, fieldValidation, source }, (text) => void call.warnings.push(text));
    return decodeApplied(deps, scaleType, made) as Scale;
  });
}

/** POST of `serviceaccounts/NAME/token`. */
function createToken({ issuer, reader }: SubresourceDeps): ResourceHandler {
  return async (deps, call) => {
    const rendering = renderingOf(deps, call);
    const options = writeOptions(call.query, 'CreateOptions');
    const bytes = await call.request.readBody(maxBodyBytes);
    const body = deps.body.decodeRequestBody(mediaTypeOf(call), bytes, tokenRequestKind);
    call.warnings.push(...applyFieldValidation(body, tokenRequestKind.kind, options.fieldValidation));
    const { namespace, name } = call.info;
    const now = deps.registry.clock.now();
    const random = (): string => deps.registry.random.uuid();
    const target = { subresource: 'token', kind: tokenRequestKind, name, dryRun: options.dryRun };
    const { admission } = writeRequestOf(deps, call, target);
    await admission.mutate('CREATE', body.object, undefined);
    const answer = await createTokenRequest(body.object as TokenRequest, {
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
  const scale = { GET: getScale, PUT: putScale, PATCH: patchScale };
  const scales = [...scalableResources].map((name) => [`${name}/scale`, scale] as const);
  return new Map<string, Readonly<Record<string, ResourceHandler>>>([
    ...scales,
    ['serviceaccounts/token', { POST: createToken(options) }],
    ['pods/binding', { POST: bindPod }],
    ['pods/eviction', { POST: evictPod }],
  ]);
}

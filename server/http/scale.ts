import { fromScaleManagedFields, specReplicas, toScaleManagedFields } from '../../api/apply/scale.ts';
import { cloneJson } from '../../api/clone.ts';
import { apiVersionOf, groupResourceName, type KubeObject } from '../../api/object.ts';
import { printerFor } from '../../api/resources/printer.ts';
import { notFoundError, StatusError } from '../../api/status.ts';
import type { Admission } from '../registry/context.ts';
import { asGiven } from '../registry/field-management.ts';
import { groupResourceOf, type ServedResource } from '../registry/resource.ts';
import { updateObject } from '../registry/update.ts';
import { applyScale, type Scale, scaleOf } from '../resources/apps/scale.ts';
import { customScaling, type Scaling } from './custom-scale.ts';
import { applyType, checkStrict, decodeApplied, parseApplied } from './handlers/apply.ts';
import {
  type ApiDeps,
  managerOfCall,
  maxBodyBytes,
  mediaTypeOf,
  type ResourceCall,
  readBodyOf,
  renderingOf,
  respond,
  writeRequestOf,
} from './handlers/handler.ts';
import { applyPatch, checkPatchType, parsePatch } from './handlers/patch.ts';
import { findEntry } from './handlers/read.ts';
import { checkName } from './handlers/write.ts';
import type { ApiResponse } from './message.ts';
import type { ResourceHandler } from './pipeline.ts';
import { type WriteOptions, writeOptions } from './query.ts';
import { renderSubresource } from './render.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
const scaleOnly = { typeName: 'io.k8s.api.autoscaling.v1.Scale' };

/** Every version of the built-in scalable kinds keeps its replicas in the same place. */
function scalingOf(deps: ApiDeps, served: ServedResource): Scaling {
  if (served.custom !== undefined) return customScaling(served.custom);
  const resource = groupResourceName(served.definition);
  const versions = deps.resources.versionsOf(served.stored);
  return {
    show: (object) => scaleOf(resource, object),
    read: (object) => scaleOf(resource, object),
    before: (object) => scaleOf(resource, object),
    carry: (object, scale) => applyScale(resource, object, scale),
    paths: Object.fromEntries(versions.map(({ definition }) => [apiVersionOf(definition), specReplicas])),
  };
}

function respondScale(deps: ApiDeps, call: ResourceCall, scale: Readonly<Scale>): ApiResponse {
  const rendering = renderingOf(deps, call);
  const printer = call.served.custom?.scalePrinter ?? printerFor('scale');
  return respond(call, 200, renderSubresource(printer, scale, rendering), rendering);
}

const getScale: ResourceHandler = (deps, call) => {
  const { stored } = call.served;
  const object = stored.cache.objectOf(findEntry(stored, call.info.namespace, call.info.name));
  return respondScale(deps, call, scalingOf(deps, call.served).read(object));
};

/** `wanted` makes the Scale to set out of the present one. */
async function updateScale(
  deps: ApiDeps,
  call: ResourceCall,
  dryRun: boolean,
  wanted: (current: Scale) => Scale,
): Promise<ApiResponse> {
  const { served, info } = call;
  const write = writeRequestOf(deps, call, {
    subresource: 'scale',
    kind: scaleKind,
    name: info.name,
    dryRun,
    manage: asGiven,
  });
  const scaling = scalingOf(deps, served);
  const { paths } = scaling;
  const transform = async (old: Readonly<KubeObject> | undefined): Promise<KubeObject> => {
    if (old === undefined) throw notFoundError(groupResourceOf(served.stored), info.name);
    const before = old.metadata?.managedFields;
    const current = scaling.before(old);
    const managers = toScaleManagedFields(before, paths);
    if (managers !== undefined) current.metadata = { ...current.metadata, managedFields: managers };
    const scale = wanted(current);
    checkName(scale, info.name, info.namespace);
    await write.admission.mutate('UPDATE', scale as KubeObject, current as KubeObject);
    const { managedFields: scalers } = scale.metadata ?? {};
    scale.metadata = { ...scale.metadata, managedFields: undefined };
    const object = cloneJson(old) as KubeObject;
    scaling.carry(object, scale);
    // As it reads: a definition may have defaults beside the replicas.
    served.custom?.fillDefaults(object);
    object.metadata = { ...object.metadata, resourceVersion: scale.metadata?.resourceVersion };
    if (scale.metadata?.resourceVersion === undefined) object.metadata.resourceVersion = old.metadata?.resourceVersion;
    object.metadata.managedFields = fromScaleManagedFields(before, scalers, apiVersionOf(served.definition), paths);
    return object;
  };
  // Admission sees Scales: mutations happen before one is carried over, validations after.
  const shown = (object: Readonly<KubeObject> | undefined): KubeObject | undefined =>
    object === undefined ? undefined : (scaling.show(object) as KubeObject);
  const admission: Admission = {
    mutate: () => undefined,
    validate: (operation, object, old) => write.admission.validate(operation, shown(object), shown(old)),
  };
  const { object } = await updateObject(
    deps.registry,
    served.stored,
    info.name,
    { transform },
    { ...write, subresource: '', admission },
  );
  return respondScale(deps, call, scaling.show(object));
}

const putScale: ResourceHandler = async (deps, call) => {
  const options = writeOptions(call.query, 'UpdateOptions');
  const given = await readBodyOf<Scale>(deps, call, scaleKind, options.fieldValidation);
  const manager = managerOfCall(call, options.fieldManager);
  return updateScale(deps, call, options.dryRun, (current) => {
    const scale = cloneJson(given);
    return managedScale(deps, current, scale, manager);
  });
};

const patchScale: ResourceHandler = async (deps, call) => {
  if (call.served.custom !== undefined) checkPatchType(call.served, mediaTypeOf(call));
  const bytes = await call.request.readBody(maxBodyBytes);
  const type = mediaTypeOf(call);
  const options = writeOptions(call.query, 'PatchOptions', type === applyType);
  if (type === applyType) return applyToScale(deps, call, bytes, options);
  const patch = parsePatch(type, bytes, options.fieldValidation);
  const warn = (text: string): void => void call.warnings.push(text);
  return updateScale(deps, call, options.dryRun, (current) => {
    const copy = cloneJson(current) as KubeObject;
    const scale = applyPatch(deps, scaleOnly, { patch, fieldValidation: options.fieldValidation, warn }, copy);
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
    const applied = cloneJson(body.value);
    const refuse = (what: string): never => {
      const why = 'request to convert CR to an invalid group/version: autoscaling/v1';
      throw new StatusError('', `failed to ${what}; autoscaling/v1, Kind=Scale) to proper version: ${why}`);
    };
    const { custom } = call.served;
    // Upstream has no conversions of its scales: an apply that changes something fails.
    if (custom !== undefined && current.metadata?.managedFields === undefined)
      refuse('create manager for existing fields: failed to convert live object (/');
    const made = deps.fields.applyScale({ ...source, live: current as KubeObject, applied });
    const isSame = (made as Scale).spec?.replicas === current.spec?.replicas;
    if (custom !== undefined && !isSame) refuse(`convert new object (${call.info.namespace}/${call.info.name}`);
    checkStrict({ body, fieldValidation, source }, (text) => void call.warnings.push(text));
    return decodeApplied(deps, scaleOnly, made, body.value) as Scale;
  });
}

/** The scale subresource of whatever has one. */
export const scaleHandlers: Readonly<Record<string, ResourceHandler>> = {
  GET: getScale,
  PUT: putScale,
  PATCH: patchScale,
};

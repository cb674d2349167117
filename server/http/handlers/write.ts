import { cloneJson } from '../../../api/clone.ts';
import { apiVersionOf, type KubeObject } from '../../../api/object.ts';
import { applyFieldValidation, cannotBeHandled, type DecodedBody } from '../../../api/schema/body.ts';
import { DecodeError } from '../../../api/schema/decode.ts';
import { badRequest } from '../../../api/status.ts';
import { createObject } from '../../registry/create.ts';
import type { CustomKind } from '../../registry/custom-kind.ts';
import { type UpdateSource, updateObject } from '../../registry/update.ts';
import type { ApiResponse } from '../message.ts';
import { writeOptions } from '../query.ts';
import { renderValue } from '../render.ts';
import {
  type ApiDeps,
  managerOfCall,
  maxBodyBytes,
  mediaTypeOf,
  type ResourceCall,
  refuseForm,
  renderingOf,
  respond,
  toHub,
  unknownFields,
  writeRequestOf,
} from './handler.ts';

function decodeCustom(deps: ApiDeps, call: ResourceCall, custom: CustomKind, bytes: Uint8Array): DecodedBody {
  const { definition } = call.served;
  const body = deps.body.decodeCustomResource(mediaTypeOf(call), bytes, definition);
  try {
    return { ...body, strictErrors: [...body.strictErrors, ...unknownFields(custom, body.object)] };
  } catch (error) {
    throw error instanceof DecodeError ? cannotBeHandled(definition, definition, error.message) : error;
  }
}

/** The body as an object of the served version. */
async function readObject(deps: ApiDeps, call: ResourceCall, fieldValidation: string): Promise<KubeObject> {
  const bytes = await call.request.readBody(maxBodyBytes);
  const { custom } = call.served;
  const body =
    custom === undefined
      ? deps.body.decodeRequestBody(mediaTypeOf(call), bytes, call.served.definition)
      : decodeCustom(deps, call, custom, bytes);
  call.warnings.push(...applyFieldValidation(body, call.served.definition.kind, fieldValidation));
  const object = body.object as KubeObject;
  const expected = apiVersionOf(call.served.definition);
  if (custom !== undefined && object.apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  // Decoding drops empty lists, but this one says something.
  if (body.forgetsManagers === true) object.metadata = { ...object.metadata, managedFields: [] };
  return object;
}

export async function handleCreate(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { served } = call;
  const rendering = renderingOf(deps, call);
  refuseForm(rendering.form, served, false);
  const options = writeOptions(call.query, 'CreateOptions');
  const object = toHub(served, await readObject(deps, call, options.fieldValidation));
  const write = writeRequestOf(deps, call, {
    subresource: '',
    name: object.metadata?.name ?? '',
    dryRun: options.dryRun,
    manage: deps.fields.updating(served, '', managerOfCall(call, options.fieldManager)),
  });
  const { value } = await createObject(deps.registry, served.stored, object, write);
  return respond(call, 201, renderValue(served, value, rendering), rendering);
}

/** PUT of the resource itself or of a subresource that carries its kind. */
export async function handleUpdate(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { served, info } = call;
  const rendering = renderingOf(deps, call);
  refuseForm(rendering.form, served, false);
  const options = writeOptions(call.query, 'UpdateOptions');
  const given = toHub(served, await readObject(deps, call, options.fieldValidation));
  checkName(given, info.name, info.namespace);
  const source: UpdateSource = { transform: () => cloneJson(given), uid: given.metadata?.uid, isWhole: true };
  const write = writeRequestOf(deps, call, {
    subresource: info.subresource,
    name: info.name,
    dryRun: options.dryRun,
    manage: deps.fields.updating(served, info.subresource, managerOfCall(call, options.fieldManager)),
  });
  const { value, created } = await updateObject(deps.registry, served.stored, info.name, source, write);
  return respond(call, created ? 201 : 200, renderValue(served, value, rendering), rendering);
}

/** The object is the one that the URL names. */
export function checkName(object: KubeObject, name: string, namespace: string): void {
  const meta = object.metadata ?? {};
  if (namespace !== '' && (meta.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if ((meta.name ?? '') === '')
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (meta.name !== name)
    throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
}

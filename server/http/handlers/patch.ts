import type { PatchType } from '../../../api/client.ts';
import { cloneJson } from '../../../api/clone.ts';
import { FieldPath, invalid } from '../../../api/field-error.ts';
import { goJson, goValue } from '../../../api/go-text.ts';
import { parseJson } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { findConversionError } from '../../../api/patch/conversion-error.ts';
import { applyJsonPatch, unknownJsonPatchFields } from '../../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../../api/patch/merge-patch.ts';
import { applyStrategicMerge } from '../../../api/patch/strategic-merge.ts';
import { hasEmptyManagedFields } from '../../../api/schema/body.ts';
import { type Decoded, DecodeError } from '../../../api/schema/decode.ts';
import { badRequest, invalidError, notFoundError, StatusError, unsupportedMediaType } from '../../../api/status.ts';
import { asGiven } from '../../registry/field-management.ts';
import { groupResourceOf, type ServedResource } from '../../registry/resource.ts';
import { updateObject } from '../../registry/update.ts';
import type { ApiResponse } from '../message.ts';
import { type WriteOptions, writeOptions } from '../query.ts';
import { convertFromHub, type Rendering, renderValue } from '../render.ts';
import { applyObject, applyType, parseApplied } from './apply.ts';
import {
  type ApiDeps,
  decodeValue,
  managerOfCall,
  maxBodyBytes,
  mediaTypeOf,
  type ResourceCall,
  refuseForm,
  renderingOf,
  respond,
  toHub,
  writeRequestOf,
} from './handler.ts';
import { checkName } from './write.ts';

export interface ParsedPatch {
  readonly type: PatchType;
  readonly value: unknown;
  readonly strictErrors: readonly string[];
  /** fieldValidation=Ignore: upstream then decodes with less care. */
  readonly lenient?: boolean;
}

const patchTypes: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** Upstream's answer to a body whose media type the path does not take. */
export function unsupportedBody(): StatusError {
  return new StatusError('UnsupportedMediaType', '415: Unsupported Media Type', { details: {} });
}

export function parsePatch(contentType: string, bytes: Uint8Array, fieldValidation: string): ParsedPatch {
  if (!patchTypes.includes(contentType)) throw unsupportedBody();
  const type = contentType as PatchType;
  const strict = fieldValidation !== 'Ignore';
  let parsed: { value: unknown; duplicates: readonly string[] };
  try {
    const { value, duplicates } = parseJson(Buffer.from(bytes).toString());
    parsed = { value, duplicates: duplicates.map((d) => `duplicate field ${JSON.stringify(d)}`) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(
      type === 'application/strategic-merge-patch+json' || !strict ? why : `error decoding patch: ${why}`,
    );
  }
  const { value, duplicates } = parsed;
  if (type === 'application/json-patch+json')
    return {
      type,
      value,
      strictErrors: strict ? [...duplicates.map((d) => `json patch ${d}`), ...unknownJsonPatchFields(value)] : [],
      lenient: !strict,
    };
  return { type, value, strictErrors: strict ? duplicates : [], lenient: !strict };
}

type PatchedKind = Pick<ServedResource, 'typeName' | 'custom'>;

function patched(deps: ApiDeps, { typeName }: PatchedKind, current: KubeObject, patch: ParsedPatch): unknown {
  // Decoding changes in place what it gets, and a patch may be applied again after a conflict.
  const value = cloneJson(patch.value);
  switch (patch.type) {
    case 'application/json-patch+json':
      return applyJsonPatch(current, value, { lenient: patch.lenient === true });
    case 'application/merge-patch+json':
      return applyMergePatch(current, value, { lenient: patch.lenient === true });
    default:
      return applyStrategicMerge(current, value, deps.schema, typeName);
  }
}

interface PatchOptions {
  readonly patch: ParsedPatch;
  readonly fieldValidation: string;
  warn(text: string): void;
  /** The object that is patched, anew and with its managers. */
  whole?(): KubeObject;
}

/** The patched object, checked and canonical, in the version that the type belongs to. `warn` gets strict errors unless they refuse the patch. */
export function applyPatch(deps: ApiDeps, kind: PatchedKind, options: PatchOptions, current: KubeObject): KubeObject {
  const { patch, fieldValidation } = options;
  const result = patched(deps, kind, current, patch);
  const shown = (): unknown => {
    if (isStrategic(patch)) return goValue(patch.value);
    const whole = options.whole?.();
    // Custom resources are maps: all of them is shown, sorted and as it was before it was decoded.
    return whole === undefined ? JSON.stringify(result) : goJson(patched(deps, kind, whole, patch));
  };
  const refuse = (why: string): StatusError =>
    invalidError({ group: '', kind: '' }, '', [invalid(FieldPath.of('patch'), shown(), why)]);
  const mistake = isStrategic(patch) ? findConversionError(result, deps.schema, kind.typeName) : undefined;
  if (mistake !== undefined) throw refuse(mistake);
  const forgets = hasEmptyManagedFields(result);
  let decoded: Decoded;
  try {
    decoded = decodeValue(deps, kind, result);
  } catch (error) {
    throw error instanceof DecodeError ? refuse(error.message) : error;
  }
  const strictErrors = [...patch.strictErrors, ...decoded.unknown];
  if (strictErrors.length > 0 && fieldValidation === 'Strict')
    throw refuse(`strict decoding error: ${strictErrors.join(', ')}`);
  if (fieldValidation === 'Warn') for (const text of strictErrors) options.warn(text);
  const object = decoded.object as KubeObject;
  if (forgets) object.metadata = { ...object.metadata, managedFields: [] };
  return object;
}

function isStrategic(patch: ParsedPatch): boolean {
  return patch.type === 'application/strategic-merge-patch+json';
}

/** Custom resources say what they take; they know no strategic merge. */
export function checkPatchType({ custom }: ServedResource, contentType: string): void {
  if (custom === undefined) {
    if (!patchTypes.includes(contentType) && contentType !== applyType) throw unsupportedBody();
    return;
  }
  const accepted = ['application/json-patch+json', 'application/merge-patch+json', applyType];
  if (accepted.includes(contentType)) return;
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

function namesManagers(pointer: unknown): boolean {
  return pointer === '' || pointer === '/metadata' || String(pointer).startsWith('/metadata/managedFields');
}

/** A patch that says nothing of managers need not carry them about. */
export function touchesManagers({ type, value }: ParsedPatch): boolean {
  if (type === 'application/json-patch+json') {
    const steps = Array.isArray(value) ? value : [];
    return steps.some((step) => namesManagers(step?.path) || (step?.from !== undefined && namesManagers(step.from)));
  }
  const { metadata } = (value ?? {}) as { metadata?: { managedFields?: unknown } | null };
  return metadata === null || metadata?.managedFields !== undefined;
}

/** A copy of the stored object in the served version, which the patch may change. */
export function currentFor(patch: ParsedPatch, served: ServedResource, old: Readonly<KubeObject>): KubeObject {
  const { managedFields: _, ...metadata } = old.metadata ?? {};
  const copied = touchesManagers(patch) ? old : { ...old, metadata };
  const current = convertFromHub(served, cloneJson(copied) as KubeObject);
  // JSON patches see what answers show: `rules: null`.
  if (patch.type === 'application/json-patch+json') served.fillNulls(current);
  return current;
}

export function keepManagers(object: KubeObject, old: Readonly<KubeObject>): void {
  object.metadata = { ...object.metadata, managedFields: old.metadata?.managedFields };
}

interface ApplyCall {
  readonly bytes: Uint8Array;
  readonly options: WriteOptions;
  readonly rendering: Rendering;
}

/** Server-side apply, which creates what is not there. */
async function handleApply(deps: ApiDeps, call: ResourceCall, given: ApplyCall): Promise<ApiResponse> {
  const { served, info } = call;
  const { fieldManager: manager, fieldValidation, dryRun } = given.options;
  const body = parseApplied(given.bytes);
  const apply = { body, fieldValidation, source: { manager, force: call.query.bool('force') } };
  const target = { subresource: info.subresource, name: info.name, dryRun, manage: asGiven };
  const write = writeRequestOf(deps, call, target);
  const source = {
    transform: (old: Readonly<KubeObject> | undefined) => applyObject(deps, call, apply, old),
    forceAllowCreate: info.subresource === '',
  };
  const { value, created } = await updateObject(deps.registry, served.stored, info.name, source, write);
  return respond(call, created ? 201 : 200, renderValue(served, value, given.rendering), given.rendering);
}

export async function handlePatch(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { served, info } = call;
  const contentType = mediaTypeOf(call);
  checkPatchType(served, contentType);
  const rendering = renderingOf(deps, call);
  refuseForm(rendering.form, served, false);
  const bytes = await call.request.readBody(maxBodyBytes);
  const options = writeOptions(call.query, 'PatchOptions', contentType === applyType);
  if (contentType === applyType) return handleApply(deps, call, { bytes, options, rendering });
  const patch = parsePatch(contentType, bytes, options.fieldValidation);
  const warn = (text: string): void => void call.warnings.push(text);
  const manage = deps.fields.updating(served, info.subresource, managerOfCall(call, options.fieldManager));
  const target = { subresource: info.subresource, name: info.name, dryRun: options.dryRun, manage };
  const write = writeRequestOf(deps, call, target);
  const transform = (old: Readonly<KubeObject> | undefined): KubeObject => {
    if (old === undefined) throw notFoundError(groupResourceOf(served.stored), info.name);
    const current = currentFor(patch, served, old);
    const patching = {
      patch,
      fieldValidation: options.fieldValidation,
      warn,
      ...(served.custom === undefined ? {} : { whole: () => cloneJson(old) as KubeObject }),
    };
    const object = applyPatch(deps, served, patching, current);
    // kind and apiVersion of a patched object are whatever the patch made of them.
    checkName(object, info.name, info.namespace);
    if (!touchesManagers(patch)) keepManagers(object, old);
    return toHub(served, object);
  };
  const { value } = await updateObject(deps.registry, served.stored, info.name, { transform }, write);
  return respond(call, 200, renderValue(served, value, rendering), rendering);
}

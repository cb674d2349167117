import type { PatchType } from '../../../api/client.ts';
import { FieldPath, invalid } from '../../../api/field-error.ts';
import { goValue } from '../../../api/go-text.ts';
import { parseJson } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { findConversionError } from '../../../api/patch/conversion-error.ts';
import { applyJsonPatch, unknownJsonPatchFields } from '../../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../../api/patch/merge-patch.ts';
import { applyStrategicMerge } from '../../../api/patch/strategic-merge.ts';
import { type Decoded, DecodeError } from '../../../api/schema/decode.ts';
import { badRequest, invalidError, notFoundError, StatusError } from '../../../api/status.ts';
import { groupResourceOf } from '../../registry/resource.ts';
import { updateObject } from '../../registry/update.ts';
import type { ApiResponse } from '../message.ts';
import { writeOptions } from '../query.ts';
import { convertFromHub, renderValue } from '../render.ts';
import {
  type ApiDeps,
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
  if (contentType === 'application/apply-patch+yaml') {
    throw new StatusError(
      'UnsupportedMediaType',
      'server-side apply is not supported by this server yet: use create, update, or a JSON, merge or strategic merge patch',
    );
  }
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

function patched(deps: ApiDeps, typeName: string, current: KubeObject, patch: ParsedPatch): unknown {
  // Decoding changes in place what it gets, and a patch may be applied again after a conflict.
  const value = structuredClone(patch.value);
  switch (patch.type) {
    case 'application/json-patch+json':
      return applyJsonPatch(current, value, { lenient: patch.lenient === true });
    case 'application/merge-patch+json':
      return applyMergePatch(current, value, { lenient: patch.lenient === true });
    default:
      return applyStrategicMerge(current, value, deps.schema, typeName);
  }
}

/** The patched object, checked and canonical, in the version that the type belongs to. `warn` gets strict errors unless they refuse the patch. */
export function applyPatch(
  deps: ApiDeps,
  typeName: string,
  options: { readonly patch: ParsedPatch; readonly fieldValidation: string; warn(text: string): void },
  current: KubeObject,
): KubeObject {
  const { patch, fieldValidation } = options;
  const result = patched(deps, typeName, current, patch);
  const refuse = (why: string): StatusError =>
    invalidError({ group: '', kind: '' }, '', [
      invalid(FieldPath.of('patch'), isStrategic(patch) ? goValue(patch.value) : JSON.stringify(result), why),
    ]);
  const mistake = isStrategic(patch) ? findConversionError(result, deps.schema, typeName) : undefined;
  if (mistake !== undefined) throw refuse(mistake);
  let decoded: Decoded;
  try {
    decoded = deps.decoder.decode(typeName, result);
  } catch (error) {
    throw error instanceof DecodeError ? refuse(error.message) : error;
  }
  const strictErrors = [...patch.strictErrors, ...decoded.unknown];
  if (strictErrors.length > 0 && fieldValidation === 'Strict')
    throw refuse(`strict decoding error: ${strictErrors.join(', ')}`);
  if (fieldValidation === 'Warn') for (const text of strictErrors) options.warn(text);
  return decoded.object as KubeObject;
}

function isStrategic(patch: ParsedPatch): boolean {
  return patch.type === 'application/strategic-merge-patch+json';
}

export async function handlePatch(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { served, info } = call;
  const contentType = mediaTypeOf(call);
  if (!patchTypes.includes(contentType) && contentType !== 'application/apply-patch+yaml') throw unsupportedBody();
  const rendering = renderingOf(deps, call);
  refuseForm(rendering.form, served, false);
  const bytes = await call.request.readBody(maxBodyBytes);
  const options = writeOptions(call.query, 'PatchOptions', contentType === 'application/apply-patch+yaml');
  const patch = parsePatch(contentType, bytes, options.fieldValidation);
  const warn = (text: string): void => void call.warnings.push(text);
  const write = writeRequestOf(deps, call, { subresource: info.subresource, name: info.name, dryRun: options.dryRun });
  const transform = (old: Readonly<KubeObject> | undefined): KubeObject => {
    if (old === undefined) throw notFoundError(groupResourceOf(served.stored), info.name);
    const current = convertFromHub(served, structuredClone(old) as KubeObject);
    const object = applyPatch(
      deps,
      served.typeName,
      { patch, fieldValidation: options.fieldValidation, warn },
      current,
    );
    // kind and apiVersion of a patched object are whatever the patch made of them.
    checkName(object, info.name, info.namespace);
    return toHub(served, object);
  };
  const { value } = await updateObject(deps.registry, served.stored, info.name, { transform }, write);
  return respond(call, 200, renderValue(served, value, rendering), rendering);
}

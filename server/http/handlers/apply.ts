import { describeApplied, groupVersionKind } from '../../../api/apply/field-manager.ts';
import { cloneJson } from '../../../api/clone.ts';
import { JsonSyntaxError, parseJson, plainNumbers } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { findConversionError } from '../../../api/patch/conversion-error.ts';
import { DecodeError } from '../../../api/schema/decode.ts';
import { badRequest, conflict, StatusError } from '../../../api/status.ts';
import { parseYaml, YamlError } from '../../../api/yaml.ts';
import type { ApplySource } from '../../registry/field-management.ts';
import { groupResourceOf, type ServedResource } from '../../registry/resource.ts';
import { type ApiDeps, decodeValue, type ResourceCall, toHub } from './handler.ts';
import { checkName } from './write.ts';

export const applyType = 'application/apply-patch+yaml';

/** The body of an apply, which may be YAML or JSON. */
export interface AppliedBody {
  readonly value: unknown;
  /** Why the body is not in order, though it can be read. */
  readonly strictError: string | undefined;
}

const jsonNames: Readonly<Record<string, string>> = { boolean: 'bool' };

function jsonName(value: unknown): string {
  return Array.isArray(value) ? 'array' : (jsonNames[typeof value] ?? typeof value);
}

/** JSON is YAML, and read faster; undefined where it has what JSON and YAML see differently. */
function parseAsJson(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    const { value, duplicates } = parseJson(text);
    return duplicates.length === 0 ? value : undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

export function parseApplied(bytes: Uint8Array): AppliedBody {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const json = parseAsJson(text);
  if (json !== undefined) return { value: plainNumbers(json), strictError: undefined };
  try {
    const { value, duplicates } = parseYaml(text);
    if (value !== null && (typeof value !== 'object' || Array.isArray(value)))
      throw new Error(
        `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonName(value)} into Go value of type map[string]interface {}`,
      );
    const strictError =
      duplicates.length === 0
        ? undefined
        : `error converting YAML to JSON: yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`;
    return { value: plainNumbers(value), strictError };
  } catch (error) {
    if (error instanceof YamlError)
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function decodeMade(
  deps: Pick<ApiDeps, 'decoder'>,
  kind: Pick<ServedResource, 'typeName' | 'custom'>,
  given: KubeObject,
): KubeObject {
  if (kind.custom === undefined) return decodeValue(deps, kind, given).object as KubeObject;
  const object = deps.decoder.decodeUnstructured(given).object as KubeObject;
  kind.custom.fillDefaults(object);
  return object;
}

/** Decodes what an apply made, with its managedFields untouched. */
export function decodeApplied(
  deps: Pick<ApiDeps, 'decoder' | 'schema'>,
  kind: Pick<ServedResource, 'typeName' | 'custom'>,
  object: KubeObject,
  applied: unknown,
): KubeObject {
  const { managedFields, ...metadata } = object.metadata ?? {};
  const given = { ...object, metadata };
  const refuse = (why: string): StatusError => {
    const { apiVersion = '' } = object;
    return new StatusError(
      '',
      `failed to convert new object (${describeApplied(applied)}) to proper version: unable to convert unstructured object to ${groupVersionKind(apiVersion, object.kind ?? '')}: ${why}`,
    );
  };
  const mistake = kind.custom === undefined ? findConversionError(given, deps.schema, kind.typeName) : undefined;
  if (mistake !== undefined) throw refuse(mistake);
  try {
    const decoded = decodeMade(deps, kind, given);
    decoded.metadata = { ...decoded.metadata, managedFields };
    return decoded;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw refuse(error.message.replace(/^illegal base64/, 'error decoding from json: illegal base64'));
  }
}

export interface ApplyOptions {
  readonly body: AppliedBody;
  readonly fieldValidation: string;
  readonly source: Omit<ApplySource, 'live' | 'applied'>;
}

/** The complaints of the parser come after those of the apply itself. */
export function checkStrict({ body, fieldValidation }: ApplyOptions, warn: (text: string) => void): void {
  if (body.strictError === undefined || fieldValidation === 'Ignore') return;
  if (fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${body.strictError}`);
  for (const line of body.strictError.split('\n').slice(1)) warn(line.trim());
}

/** The object that an apply leads to, in the stored version, for the resource or a subresource of its kind. */
export async function applyObject(
  deps: ApiDeps,
  call: Pick<ResourceCall, 'served' | 'info' | 'warnings'>,
  options: ApplyOptions,
  live: Readonly<KubeObject> | undefined,
): Promise<KubeObject> {
  const { served, info } = call;
  const applied = cloneJson(options.body.value);
  const made = await deps.fields.apply(served, info.subresource, { ...options.source, live, applied });
  checkStrict(options, (text) => void call.warnings.push(text));
  const object = decodeApplied(deps, served, made, options.body.value);
  if (live === undefined && (object.metadata?.uid ?? '') !== '')
    throw conflict(
      groupResourceOf(served.stored),
      info.name,
      `uid mismatch: the provided object specified uid ${object.metadata?.uid}, and no existing object was found`,
    );
  checkName(object, info.name, info.namespace);
  return toHub(served, object);
}

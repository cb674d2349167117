import { JsonNumber } from '../../../api/json-exact.ts';
import type { KubeObject } from '../../../api/object.ts';
import { DecodeError } from '../../../api/schema/decode.ts';
import { badRequest, StatusError } from '../../../api/status.ts';
import { parseYaml } from '../../../api/yaml.ts';
import type { ApplySource } from '../../registry/field-management.ts';
import type { ServedResource } from '../../registry/resource.ts';
import { type ApiDeps, decodeValue, type ResourceCall, toHub } from './handler.ts';
import { checkName } from './write.ts';

export const applyType = 'application/apply-patch+yaml';

/** The body of an apply, which may be YAML or JSON. */
export interface AppliedBody {
  readonly value: unknown;
  /** Why the body is not in order, though it can be read. */
  readonly strictError: string | undefined;
}

/** Integers keep 64 bits; other numbers are doubles here, as upstream's are. */
function plainNumbers(value: unknown): unknown {
  if (value instanceof JsonNumber) return value.toValue();
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainNumbers(member)]));
}

export function parseApplied(bytes: Uint8Array): AppliedBody {
  try {
    const { value, duplicates } = parseYaml(Buffer.from(bytes).toString());
    const strictError =
      duplicates.length === 0
        ? undefined
        : `error converting YAML to JSON: yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`;
    return { value: plainNumbers(value), strictError };
  } catch (error) {
    throw badRequest(
      `error decoding YAML: error converting YAML to JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Decodes what an apply made, with its managedFields untouched. */
export function decodeApplied(
  deps: Pick<ApiDeps, 'decoder'>,
  kind: Pick<ServedResource, 'typeName' | 'custom'>,
  object: KubeObject,
): KubeObject {
  const { managedFields, ...metadata } = object.metadata ?? {};
  let decoded: KubeObject;
  try {
    decoded = decodeValue(deps, kind, { ...object, metadata }).object as KubeObject;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { apiVersion = '', kind = '' } = object;
    const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
    const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${version}, Kind=${kind}`;
    throw new StatusError(
      '',
      `failed to convert new object (${name}) to proper version: unable to convert unstructured object to ${version.replace(/^\//, '')}, Kind=${kind}: ${error.message}`,
    );
  }
  decoded.metadata = { ...decoded.metadata, managedFields };
  return decoded;
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
  const applied = structuredClone(options.body.value);
  const made = await deps.fields.apply(served, info.subresource, { ...options.source, live, applied });
  checkStrict(options, (text) => void call.warnings.push(text));
  const object = decodeApplied(deps, served, made);
  checkName(object, info.name, info.namespace);
  return toHub(served, object);
}

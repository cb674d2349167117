import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../../api/object.ts';
import { applyFieldValidation, type BodyDecoder } from '../../../api/schema/body.ts';
import type { Decoded, Decoder } from '../../../api/schema/decode.ts';
import type { SchemaDocument } from '../../../api/schema/schema.ts';
import { badRequest, forbiddenError, StatusError } from '../../../api/status.ts';
import type { NodeAccess } from '../../nodes/access.ts';
import type { Admission, RegistryDeps, WriteRequest } from '../../registry/context.ts';
import type { CustomKind } from '../../registry/custom-kind.ts';
import { type FieldManagement, type Manage, managerOf } from '../../registry/field-management.ts';
import type { ServedResource } from '../../registry/resource.ts';
import type { ResourceTable } from '../../registry/resources.ts';
import type { UserInfo } from '../../registry/strategy.ts';
import type { OutputForm } from '../accept.ts';
import { type ApiRequest, type ApiResponse, headerOf } from '../message.ts';
import { type OperationOptions, queryOptions } from '../operation-options.ts';
import type { Query } from '../query.ts';
import type { Rendering } from '../render.ts';
import type { ResourceRequest } from '../request-info.ts';
import { warningHeaders } from '../warning-headers.ts';

export interface AdmissionTarget {
  readonly served: { readonly definition: Pick<ServedResource['definition'], 'group' | 'version' | 'resource'> };
  readonly subresource: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly namespace: string;
  readonly name: string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The client meant to update: creating needs a permission of its own. */
  readonly isUpdate?: boolean;
  readonly options?: OperationOptions;
  warn(text: string): void;
}

export interface ApiDeps {
  readonly registry: RegistryDeps;
  readonly resources: ResourceTable;
  readonly body: BodyDecoder;
  readonly decoder: Decoder;
  readonly schema: SchemaDocument;
  readonly fields: FieldManagement;
  readonly negotiate: (accept: string) => OutputForm;
  readonly admission: (target: AdmissionTarget) => Admission;
  readonly minRequestTimeoutSeconds: number;
  /** Absent: this server knows no way to its nodes. */
  readonly nodes?: NodeAccess;
}

/** One request for a resource, authenticated and routed. */
export interface ResourceCall {
  readonly request: ApiRequest;
  readonly info: ResourceRequest;
  readonly served: ServedResource;
  readonly query: Query;
  readonly user: UserInfo;
  readonly warnings: string[];
}

export const maxBodyBytes = 3 * 1024 * 1024;

const prettyAgents = ['curl', 'Wget', 'Mozilla/5.0'];

export function renderingOf(
  deps: Omit<ApiDeps, 'admission'>,
  call: Pick<ResourceCall, 'request' | 'query'>,
): Rendering {
  const form = deps.negotiate(headerOf(call.request, 'accept'));
  const { query } = call;
  const agent = headerOf(call.request, 'user-agent');
  return {
    form,
    pretty: query.has('pretty') ? query.bool('pretty') : prettyAgents.some((prefix) => agent.startsWith(prefix)),
    includeObject: form.as === 'table' ? includeObjectOf(query) : 'Metadata',
    now: deps.registry.clock.now(),
  };
}

function includeObjectOf(query: Query): Rendering['includeObject'] {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  const quoted = JSON.stringify(value);
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${quoted}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

export function refuseForm(form: OutputForm, served: ServedResource, isList: boolean): void {
  const { kind } = served.definition;
  const group = served.definition.group === '' ? 'core' : (served.definition.group.split('.')[0] ?? '');
  if (isList && form.as === 'partial') {
    throw new StatusError(
      'NotAcceptable',
      `you requested PartialObjectMetadata, but the requested object is a list (*${group}.${kind}List)`,
    );
  }
  if (!isList && form.as === 'partialList') {
    if (served.custom !== undefined) throw new StatusError('', 'content is not a list');
    throw new StatusError(
      'NotAcceptable',
      `you requested PartialObjectMetadataList, but the requested object is not a list (*${group}.${kind})`,
    );
  }
}

export function contentTypeOf(rendering: Rendering): string {
  return rendering.form.format === 'yaml' ? 'application/yaml' : 'application/json';
}

export function respond(
  call: ResourceCall,
  status: number,
  body: Uint8Array | readonly Uint8Array[],
  rendering: Rendering,
): ApiResponse {
  return { status, headers: { 'content-type': contentTypeOf(rendering), ...warningHeaders(call.warnings) }, body };
}

/** Go's Content-Type rules: no header means JSON. */
export function mediaTypeOf(call: Pick<ResourceCall, 'request'>): string {
  const header = headerOf(call.request, 'content-type');
  const type = (header.split(';', 1)[0] ?? '').trim().toLowerCase();
  return type === '' ? 'application/json' : type;
}

/** The body as an object of a kind; of its unknown and double fields the client hears as it wishes. */
export async function readBodyOf<T>(
  deps: Pick<ApiDeps, 'body'>,
  call: Pick<ResourceCall, 'request' | 'warnings'>,
  kind: GroupVersionKind,
  fieldValidation: string,
): Promise<T> {
  const bytes = await call.request.readBody(maxBodyBytes);
  const body = deps.body.decodeRequestBody(mediaTypeOf(call), bytes, kind);
  call.warnings.push(...applyFieldValidation(body, kind.kind, fieldValidation));
  return body.object as T;
}

export interface WriteTarget {
  readonly subresource: string;
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly name: string;
  readonly dryRun: boolean;
  /** Default: as the query says. */
  readonly options?: OperationOptions;
  readonly manage?: Manage;
}

/** Who makes the request, as managedFields will tell. */
export function managerOfCall(call: Pick<ResourceCall, 'request'>, fieldManager: string): string {
  return managerOf(fieldManager, headerOf(call.request, 'user-agent'));
}

export function writeRequestOf(deps: ApiDeps, call: ResourceCall, target: WriteTarget): WriteRequest {
  const { info, served, user, warnings } = call;
  const warn = (text: string): void => void warnings.push(text);
  const admission = deps.admission({
    served,
    user,
    warn,
    subresource: target.subresource,
    kind: target.kind ?? served.definition,
    namespace: info.namespace,
    name: target.name,
    dryRun: target.dryRun,
    isUpdate: call.request.method === 'PUT' || call.request.method === 'PATCH',
    options: target.options ?? queryOptions(call.query),
  });
  return {
    user,
    namespace: info.namespace,
    dryRun: target.dryRun,
    subresource: target.subresource,
    apiVersion: apiVersionOf(served.definition),
    warn,
    ...(target.manage === undefined ? {} : { manage: target.manage }),
    admission: served.custom?.terminating === true ? withoutCreates(admission, served) : admission,
  };
}

/** Of a kind whose definition is being deleted there are no new objects. */
function withoutCreates(admission: Admission, served: ServedResource): Admission {
  return {
    ...admission,
    mutate: (operation, object, old) => {
      if (operation !== 'CREATE') return admission.mutate(operation, object, old);
      const why = 'create not allowed while custom resource definition is terminating';
      throw forbiddenError(served.definition, object?.metadata?.name ?? '', why);
    },
  };
}

/** A value as an object of its kind, canonical; built-in kinds by the schema of all, custom resources by their own. */
export function decodeValue(
  { decoder }: Pick<ApiDeps, 'decoder'>,
  { typeName, custom }: Pick<ServedResource, 'typeName' | 'custom'>,
  value: unknown,
): Decoded {
  if (custom === undefined) return decoder.decode(typeName, value);
  const decoded = decoder.decodeUnstructured(value);
  return { ...decoded, unknown: [...decoded.unknown, ...unknownFields(custom, decoded.object)] };
}

/** Settles an object of a custom resource; complaints of fields that its schema does not know. */
export function unknownFields(custom: CustomKind, object: object): string[] {
  return custom.settle(object as KubeObject, true).map((path) => `unknown field ${JSON.stringify(path)}`);
}

/** The stored form of an object given in the served version: defaulted, converted. */
export function toHub(served: ServedResource, object: KubeObject): KubeObject {
  const hub = served.conversion === undefined ? object : served.conversion.toHub(object);
  served.stored.strategy.applyDefaults?.(hub);
  return hub;
}

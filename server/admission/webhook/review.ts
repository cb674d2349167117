import { goQuote } from '../../../api/go-text.ts';
import type { KubeObject } from '../../../api/object.ts';
import { jsonKind } from '../../../api/patch/json-tree.ts';
import type { Status } from '../../../api/status.ts';
import type { Review } from '../../webhook/answer.ts';
import type { AdmissionRequest } from '../plugin.ts';
import { placeOf, type VersionedPlace } from '../versions.ts';

export const reviewGroup = 'admission.k8s.io';
export const reviewVersions = ['v1', 'v1beta1'] as const;
export type ReviewVersion = (typeof reviewVersions)[number];

export interface ReviewedObjects {
  readonly object: Readonly<KubeObject> | undefined;
  readonly oldObject: Readonly<KubeObject> | undefined;
}

/** The AdmissionReview to send, in the order of members that upstream writes. */
export function reviewRequest(
  request: AdmissionRequest,
  place: VersionedPlace,
  { object, oldObject }: ReviewedObjects,
  options: { readonly version: ReviewVersion; readonly uid: string },
): Record<string, unknown> {
  const own = placeOf(request);
  const { user } = request;
  return {
    kind: 'AdmissionReview',
    apiVersion: `${reviewGroup}/${options.version}`,
    request: {
      uid: options.uid,
      kind: place.kind,
      resource: place.resource,
      ...(place.subresource === '' ? {} : { subResource: place.subresource }),
      requestKind: own.kind,
      requestResource: own.resource,
      ...(own.subresource === '' ? {} : { requestSubResource: own.subresource }),
      ...(request.name === '' ? {} : { name: request.name }),
      ...(request.namespace === '' ? {} : { namespace: request.namespace }),
      operation: request.operation,
      userInfo: {
        ...(user.username === '' ? {} : { username: user.username }),
        ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
        ...(user.groups.length === 0 ? {} : { groups: user.groups }),
        ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
      },
      object: object ?? null,
      oldObject: oldObject ?? null,
      dryRun: request.dryRun,
      options: request.options?.() ?? null,
    },
  };
}

/** What a webhook decided. */
export interface Verdict {
  readonly allowed: boolean;
  /** The decoded JSON patch; undefined: none. */
  readonly patch: Buffer | undefined;
  readonly patchType: string;
  readonly status: Status | undefined;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

type Check = (value: unknown, field: string) => void;

function mistyped(value: unknown, field: string, type: string): Error {
  return new Error(`json: cannot unmarshal ${jsonKind(value)} into Go struct field ${field} of type ${type}`);
}

function expects(kind: string, type: string): Check {
  return (value, field) => {
    if (jsonKind(value) !== kind) throw mistyped(value, field, type);
  };
}

const base64Alphabet = /^[A-Za-z0-9+/]*={0,2}$/;

function checkBytes(value: unknown, field: string): void {
  if (Array.isArray(value)) {
    const wrong = value.find((item) => typeof item !== 'number');
    if (wrong !== undefined) throw mistyped(wrong, field, 'uint8');
    return;
  }
  if (typeof value !== 'string') throw mistyped(value, field, '[]uint8');
  const text = value.replace(/[\r\n]/g, '');
  if (base64Alphabet.test(text) && text.length % 4 === 0) return;
  const wrong = [...text].findIndex((letter) => !/[A-Za-z0-9+/]/.test(letter));
  throw new Error(`illegal base64 data at input byte ${wrong < 0 ? text.length - (text.length % 4) : wrong}`);
}

const checks: Readonly<Record<string, Check>> = {
  uid: expects('string', 'types.UID'),
  allowed: expects('bool', 'bool'),
  status: expects('object', 'v1.Status'),
  patch: checkBytes,
  patchType: expects('string', 'v1.PatchType'),
  auditAnnotations: expects('object', 'map[string]string'),
  warnings: (value, field) => {
    if (!Array.isArray(value)) throw mistyped(value, field, '[]string');
    const wrong = value.find((item) => typeof item !== 'string' && item !== null);
    if (wrong !== undefined) throw mistyped(wrong, field, 'string');
  },
};

const statusChecks: Readonly<Record<string, Check>> = {
  message: expects('string', 'string'),
  reason: expects('string', 'v1.StatusReason'),
  status: expects('string', 'string'),
  code: expects('number', 'int32'),
  details: expects('object', 'v1.StatusDetails'),
  metadata: expects('object', 'v1.ListMeta'),
};

function checkFields(object: Readonly<Record<string, unknown>>, all: Readonly<Record<string, Check>>, path: string) {
  for (const [name, value] of Object.entries(object)) if (value !== null) all[name]?.(value, `${path}${name}`);
}

export type ReviewResponse = Readonly<Record<string, unknown>>;

/** The response of a review, types checked; undefined where there is none. Throws as Go's decoder. */
export function decodeResponse(review: Review): ReviewResponse | undefined {
  const { response } = review;
  if (response === undefined || response === null) return undefined;
  if (jsonKind(response) !== 'object') throw mistyped(response, 'AdmissionReview.response', 'v1.AdmissionResponse');
  const given = response as ReviewResponse;
  checkFields(given, checks, 'AdmissionResponse.response.');
  const { status } = given;
  if (typeof status === 'object' && status !== null)
    checkFields(status as Record<string, unknown>, statusChecks, 'Status.response.status.');
  return given;
}

/** Whether the response is one to this review; throws what is wrong with it. */
export function verify(
  review: Review,
  response: ReviewResponse | undefined,
  expected: { readonly uid: string; readonly version: ReviewVersion; readonly mutating: boolean },
): Verdict {
  if (response === undefined) throw new Error('webhook response was absent');
  const { version, mutating } = expected;
  const patch = bytesOf(response['patch']);
  const patchType = response['patchType'] as string | undefined | null;
  if (version === 'v1') {
    verifyHead(review, response, expected.uid);
    if (mutating) verifyPatch(patch, patchType ?? undefined);
    else verifyNoPatch(patch, patchType ?? undefined);
  }
  const hasPatch = mutating && patch !== undefined;
  return {
    allowed: response['allowed'] === true,
    patch: hasPatch ? patch : undefined,
    patchType: version === 'v1' ? (patchType ?? '') : 'JSONPatch',
    status: (response['status'] ?? undefined) as Status | undefined,
    warnings: ((response['warnings'] ?? []) as (string | null)[]).map((text) => text ?? ''),
    auditAnnotations: (response['auditAnnotations'] ?? {}) as Record<string, string>,
  };
}

function verifyHead(review: Review, response: ReviewResponse, uid: string): void {
  const given = String(response['uid'] ?? '');
  if (given !== uid) throw new Error(`expected response.uid=${goQuote(uid)}, got ${goQuote(given)}`);
  const apiVersion = String(review['apiVersion'] ?? '');
  const kind = String(review['kind'] ?? '');
  if (apiVersion === `${reviewGroup}/v1` && kind === 'AdmissionReview') return;
  const got = `${apiVersion === '' ? '/' : apiVersion}, Kind=${kind}`;
  throw new Error(`expected webhook response of ${reviewGroup}/v1, Kind=AdmissionReview, got ${got}`);
}

function verifyPatch(patch: Buffer | undefined, patchType: string | undefined): void {
  if (patch !== undefined && patchType === undefined)
    throw new Error('webhook returned response.patch but not response.patchType');
  if (patch === undefined && patchType !== undefined)
    throw new Error('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
}

function verifyNoPatch(patch: Buffer | undefined, patchType: string | undefined): void {
  if (patch !== undefined) throw new Error('validating webhook may not return response.patch');
  if (patchType !== undefined) throw new Error('validating webhook may not return response.patchType');
}

function bytesOf(value: unknown): Buffer | undefined {
  const bytes = Array.isArray(value)
    ? Buffer.from(value as number[])
    : Buffer.from(typeof value === 'string' ? value : '', 'base64');
  return bytes.length === 0 ? undefined : bytes;
}

import { goQuote } from '../../api/go-text.ts';
import { jsonKind } from '../../api/patch/json-tree.ts';
import type { WebhookAnswer } from './client.ts';

export type Review = Readonly<Record<string, unknown>>;

/** The kind of review that was sent, and whose versions the group has. */
export interface ReviewKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Versions in which a webhook could answer, though only the one that was sent is right. */
  readonly versions: readonly string[];
}

// More of a text that is no Status is not shown.
const maxTextBytes = 2048;

/** The review that a webhook sent back. Throws an Error in upstream's words. */
export function reviewOf(answer: WebhookAnswer, wanted: ReviewKind): Review {
  const { status, contentType, body } = answer;
  if (status < 200 || status > 206) throw new Error(refusalOf(answer));
  if (body.length === 0) {
    const type = contentType === '' ? 'application/json' : contentType;
    throw new Error(`0-length response with status code: ${status} and content type: ${type}`);
  }
  const review = parseObject(body);
  checkKind(review, wanted);
  return review;
}

const headType =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function parseObject(body: Buffer): Review {
  const text = body.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Upstream reads what is no JSON as YAML, where nearly everything is a string.
    value = text;
  }
  const kind = jsonKind(value);
  if (kind === 'object') return value as Review;
  if (kind === 'null') return {};
  const wrong = `json: cannot unmarshal ${kind} into Go value of type ${headType}`;
  throw new Error(`couldn't get version/kind; json parse error: ${wrong}`);
}

const metaKinds = new Set(['Status', 'APIVersions', 'APIGroup', 'APIGroupList', 'APIResourceList']);

function checkKind(review: Review, { group, version, kind, versions }: ReviewKind): void {
  const { apiVersion, kind: given } = review;
  for (const [name, value] of [
    ['apiVersion', apiVersion],
    ['kind', given],
  ] as const) {
    if (value === undefined || value === null || typeof value === 'string') continue;
    const wrong = `json: cannot unmarshal ${jsonKind(value)} into Go struct field .${name} of type string`;
    throw new Error(`couldn't get version/kind; json parse error: ${wrong}`);
  }
  // What is missing is taken from what was expected.
  const givenKind = typeof given === 'string' && given !== '' ? given : kind;
  const givenVersion = typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : `${group}/${version}`;
  if (givenKind === kind && givenVersion === `${group}/${version}`) return;
  const convert = (from: string): Error =>
    new Error(`converting (${from}) to (${version}.${kind}): unknown conversion`);
  if (givenKind === kind && versions.some((other) => givenVersion === `${group}/${other}`))
    throw convert(`${givenVersion.slice(group.length + 1)}.${kind}`);
  if (givenVersion === 'v1' && metaKinds.has(givenKind)) throw convert(`v1.${givenKind}`);
  throw new Error(
    `no kind ${goQuote(givenKind)} is registered for version ${goQuote(givenVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}

const fixedMessages: Readonly<Record<number, string>> = {
  409: 'the server reported a conflict',
  404: 'the server could not find the requested resource',
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  405: 'the server does not allow this method on the requested resource',
  422: 'the server rejected our request due to an error in our request',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
  429: 'the server has received too many requests and has asked us to try again later',
};

/** What client-go makes of an answer that is no success: the message of a Status, or its own words. */
export function refusalOf({ status, contentType, body }: WebhookAnswer): string {
  const text = body.subarray(0, maxTextBytes).toString();
  const fromStatus = statusMessage(body);
  if (fromStatus !== undefined) return fromStatus;
  const isText = contentType === '' || /^\s*text\//i.test(contentType);
  const message = isText ? text.trim() : 'unknown';
  const fixed = fixedMessages[status];
  if (fixed !== undefined) return fixed;
  if (status === 403 || status === 415) return message;
  if (status === 406)
    return message === '' || message === 'unknown'
      ? 'the server was unable to respond with a content type that the client supports'
      : message;
  if (status >= 500) return `an error on the server (${goQuote(message)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}

function statusMessage(body: Buffer): string | undefined {
  try {
    const value = JSON.parse(body.toString()) as { kind?: unknown; status?: unknown; message?: unknown } | null;
    if (value?.kind !== 'Status' || value.status !== 'Failure') return undefined;
    return typeof value.message === 'string' ? value.message : '';
  } catch {
    return undefined;
  }
}

import type { Clock, Random } from '../../../api/clock.ts';
import { goQuote } from '../../../api/go-text.ts';
import { badRequest, internalErrorStatus, type Status, StatusError, type StatusReason } from '../../../api/status.ts';
import { type Review, reviewOf } from '../../webhook/answer.ts';
import type { WebhookAnswer, WebhookClient } from '../../webhook/client.ts';
import type { AdmissionRequest } from '../plugin.ts';
import type { VersionedPlace } from '../versions.ts';
import { type Webhook, webhookTitle } from './configuration.ts';
import type { WebhookObserver } from './observer.ts';
import {
  decodeResponse,
  type ReviewedObjects,
  type ReviewVersion,
  reviewGroup,
  reviewRequest,
  reviewVersions,
  type Verdict,
  verify,
} from './review.ts';

/** A webhook could not be asked, or its answer is none: failurePolicy decides what follows. */
export class CallFailure extends Error {
  readonly code: number;
  constructor(webhook: Webhook, why: string, code = 503) {
    super(`failed calling webhook ${goQuote(webhook.name)}: ${why}`);
    this.code = code;
  }
}

/** A webhook said no. */
export class Rejection extends Error {
  readonly status: StatusError;
  constructor(status: StatusError) {
    super(status.message);
    this.status = status;
  }
}

export interface CallDeps {
  readonly client: WebhookClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: WebhookObserver;
  /** For failures that are ignored. */
  warn(message: string): void;
}

// Patches are base64 of what may be as long as a request body.
const maxAnswerBytes = 16 * 1024 * 1024;

export interface Call {
  readonly webhook: Webhook;
  readonly request: AdmissionRequest;
  readonly place: VersionedPlace;
  readonly objects: ReviewedObjects;
  readonly mutating: boolean;
}

/** Asks one webhook. Throws CallFailure, Rejection, or a StatusError that no policy softens. */
export async function callWebhook(deps: CallDeps, call: Call): Promise<Verdict> {
  const { webhook, request, mutating } = call;
  checkDryRun(webhook, request);
  const version = webhook.reviewVersions.find((each): each is ReviewVersion =>
    (reviewVersions as readonly string[]).includes(each),
  );
  if (version === undefined) {
    const why = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
    throw new CallFailure(webhook, `could not create admission objects: ${why}`, 400);
  }
  const uid = deps.random.uuid();
  const body = JSON.stringify(reviewRequest(request, call.place, call.objects, { version, uid }));
  const { review, response } = await ask(deps, webhook, body, version);
  let verdict: Verdict;
  try {
    verdict = verify(review, response, { uid, version, mutating });
  } catch (error) {
    throw new CallFailure(webhook, `received invalid webhook response: ${messageOf(error)}`);
  }
  for (const text of verdict.warnings) request.warn?.(text);
  if (!verdict.allowed) throw new Rejection(denial(webhook, verdict.status));
  return verdict;
}

function checkDryRun(webhook: Webhook, { dryRun }: AdmissionRequest): void {
  if (!dryRun) return;
  if (webhook.sideEffects === undefined) throw new CallFailure(webhook, 'Webhook SideEffects is nil', 400);
  if (webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun')
    throw badRequest(`${webhookTitle(webhook)} does not support dry run`);
}

async function ask(
  { client }: CallDeps,
  webhook: Webhook,
  body: string,
  version: ReviewVersion,
): Promise<{ review: Review; response: ReturnType<typeof decodeResponse> }> {
  const { target, timeoutSeconds } = webhook;
  let answer: WebhookAnswer | undefined;
  try {
    answer = await client.post(target, body, {
      maxAnswerBytes,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    });
    const review = reviewOf(answer, { group: reviewGroup, version, kind: 'AdmissionReview', versions: reviewVersions });
    return { review, response: decodeResponse(review) };
  } catch (error) {
    const code = answer !== undefined && answer.status >= 400 ? answer.status : 503;
    throw new CallFailure(webhook, `failed to call webhook: ${messageOf(error)}`, code);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The webhook's own Status with the words of who denied in front; always a client's error. */
function denial(webhook: Webhook, status: Status | undefined): StatusError {
  const { code = 0, reason = '', message = '', details, metadata } = status ?? {};
  const denied = `${webhookTitle(webhook)} denied the request`;
  const why = message === '' ? reason : message;
  const text = why === '' ? `${denied} without explanation` : `${denied}: ${why}`;
  return new StatusError(reason as StatusReason | '', text, {
    code: code < 400 ? 400 : code,
    ...(details === undefined ? {} : { details }),
    ...(metadata === undefined ? {} : { metadata }),
  });
}

/** The error for the client; undefined: the policy of the webhook lets the request go on. */
export function refusalOf(deps: CallDeps, { webhook }: Call, error: unknown): Error | undefined {
  if (error instanceof Rejection) return error.status;
  if (!(error instanceof CallFailure)) return error instanceof Error ? error : new Error(String(error));
  if (!webhook.ignoresFailures) return internalErrorStatus(error.message, error);
  deps.warn(`Failed calling webhook, failing open ${webhook.name}: ${error.message}`);
  return undefined;
}

/** Counts one call under upstream's names. */
export function observeCall(deps: CallDeps, call: Call, startMs: number, error: unknown): void {
  const { webhook, request, mutating } = call;
  const type = mutating ? 'admit' : 'validating';
  const base = { name: webhook.name, type, operation: request.operation } as const;
  const failed = error instanceof CallFailure;
  const rejected = error !== undefined && !(failed && webhook.ignoresFailures);
  const code = error === undefined ? 200 : failed ? error.code : error instanceof Rejection ? error.status.code : 0;
  deps.observer.called({ ...base, rejected, code, seconds: (deps.clock.now() - startMs) / 1000 });
  if (rejected) {
    const errorType = failed
      ? 'calling_webhook_error'
      : error instanceof Rejection
        ? 'no_error'
        : 'apiserver_internal_error';
    deps.observer.rejected({ ...base, errorType, code });
  } else if (failed) deps.observer.failedOpen({ name: webhook.name, type });
}

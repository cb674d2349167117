import { semanticEqual } from '../../../api/equal.ts';
import { parseJson } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { jsonKind } from '../../../api/patch/json-tree.ts';
import { internalErrorStatus, StatusError } from '../../../api/status.ts';
import { type AdmissionRequest, reinvocationOf, replaceObject } from '../plugin.ts';
import type { VersionedPlace } from '../versions.ts';
import { type Call, type CallDeps, CallFailure, callWebhook, messageOf, observeCall, refusalOf } from './call.ts';
import { type Webhook, webhookTitle } from './configuration.ts';
import { type MatchDeps, matchWebhook, type Seen } from './match.ts';
import type { ReviewedObjects, Verdict } from './review.ts';

export type MutatingDeps = CallDeps & MatchDeps;

const pluginName = 'MutatingAdmissionWebhook';

/** What the first round leaves for the second. */
interface Memory {
  lastOutput: Readonly<KubeObject> | undefined;
  /** Webhooks with reinvocationPolicy IfNeeded that saw the object before the last change of it. */
  invoked: Set<string>;
  readonly again: Set<string>;
}

function memoryOf(request: AdmissionRequest): Memory {
  const { values } = reinvocationOf(request);
  const known = values.get(pluginName) as Memory | undefined;
  if (known !== undefined) return known;
  const memory: Memory = { lastOutput: undefined, invoked: new Set(), again: new Set() };
  values.set(pluginName, memory);
  return memory;
}

function requireAgain(memory: Memory): void {
  for (const uid of memory.invoked) memory.again.add(uid);
  memory.invoked = new Set();
}

/** The object in the version last asked for, until somebody changes it. */
function createView(deps: MutatingDeps, request: AdmissionRequest): Seen & { changed(): void } {
  let known: { readonly place: VersionedPlace; readonly objects: ReviewedObjects } | undefined;
  const present = async (object: Readonly<KubeObject> | undefined, place: VersionedPlace) =>
    object === undefined ? undefined : await deps.versions.present(request, object, place);
  return {
    get object() {
      return request.object;
    },
    async at(place) {
      if (known === undefined || !sameKind(known.place, place)) {
        const oldObject = await present(request.oldObject, place);
        known = { place, objects: { object: await present(request.object, place), oldObject } };
      }
      return known.objects;
    },
    changed() {
      known = undefined;
    },
  };
}

export function sameKind(a: VersionedPlace, b: VersionedPlace): boolean {
  return a.kind.group === b.kind.group && a.kind.version === b.kind.version && a.kind.kind === b.kind.kind;
}

/** Calls the webhooks one after the other; each sees what those before it made of the object. */
export async function dispatchMutating(
  deps: MutatingDeps,
  webhooks: readonly Webhook[],
  request: AdmissionRequest,
): Promise<void> {
  const reinvocation = reinvocationOf(request);
  const memory = memoryOf(request);
  const { isReinvoke } = reinvocation;
  if (isReinvoke && !semanticEqual(memory.lastOutput, request.object)) requireAgain(memory);
  const view = createView(deps, request);
  for (const webhook of webhooks) {
    const place = await matchWebhook(deps, webhook, request, view);
    if (place === undefined || (isReinvoke && !memory.again.has(webhook.uid))) continue;
    const call: Call = { webhook, request, place, objects: await view.at(place), mutating: true };
    if (await mutateOnce(deps, call)) {
      view.changed();
      requireAgain(memory);
      reinvocation.shouldReinvoke = true;
    }
    if (webhook.reinvokes) memory.invoked.add(webhook.uid);
  }
  memory.lastOutput = structuredClone(request.object);
}

/** True when the object is another one now. */
async function mutateOnce(deps: MutatingDeps, call: Call): Promise<boolean> {
  const start = deps.clock.now();
  try {
    const verdict = await callWebhook(deps, call);
    const changed = await applyVerdict(deps, call, verdict);
    observeCall(deps, call, start, undefined);
    return changed;
  } catch (error) {
    observeCall(deps, call, start, error);
    const refusal = refusalOf(deps, call, error);
    if (refusal !== undefined) throw refusal;
    return false;
  }
}

async function applyVerdict(deps: MutatingDeps, call: Call, { patch, patchType }: Verdict): Promise<boolean> {
  if (patch === undefined) return false;
  const { webhook, request, place } = call;
  const operations = decodePatch(webhook, patch);
  if (operations.length === 0) return false;
  const { object } = call.objects;
  if (object === undefined || request.object === undefined) {
    const title = webhookTitle(webhook);
    throw internalErrorStatus(`${title} attempted to modify the object, which is not supported for this operation`);
  }
  if (patchType !== 'JSONPatch') throw new CallFailure(webhook, `unsupported patch type "${patchType}"`, 400);
  const next = await accepted(deps, request, place, patched(object, operations));
  if (semanticEqual(next, request.object)) return false;
  replaceObject(request.object, next);
  return true;
}

function decodePatch(webhook: Webhook, patch: Buffer): unknown[] {
  try {
    const { value } = parseJson(patch.toString());
    if (value === null) return [];
    const unfit = (item: unknown, type: string): Error =>
      new Error(`json: cannot unmarshal ${jsonKind(item)} into Go value of type jsonpatch.${type}`);
    if (!Array.isArray(value)) throw unfit(value, 'Patch');
    for (const item of value) if (item !== null && jsonKind(item) !== 'object') throw unfit(item, 'Operation');
    return value;
  } catch (error) {
    throw new CallFailure(webhook, `received undecodable patch in webhook response: ${messageOf(error)}`);
  }
}

/** The patch comes from a webhook, not from the client: why it fails is no secret, and no client's mistake. */
function patched(object: Readonly<KubeObject>, operations: unknown[]): KubeObject {
  try {
    return applyJsonPatch(object, operations, { lenient: true }) as KubeObject;
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    throw internalErrorStatus(messageOf(cause ?? error), error);
  }
}

async function accepted(
  { versions }: MutatingDeps,
  request: AdmissionRequest,
  place: VersionedPlace,
  value: KubeObject,
): Promise<KubeObject> {
  try {
    return await versions.accept(request, value, place);
  } catch (error) {
    throw error instanceof StatusError ? error : internalErrorStatus(messageOf(error), error);
  }
}

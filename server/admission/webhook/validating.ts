import type { KubeObject } from '../../../api/object.ts';
import type { AdmissionRequest } from '../plugin.ts';
import type { VersionedPlace } from '../versions.ts';
import { type Call, type CallDeps, callWebhook, observeCall, refusalOf } from './call.ts';
import type { Webhook } from './configuration.ts';
import { type MatchDeps, matchWebhook, type Seen } from './match.ts';
import { sameKind } from './mutating.ts';
import type { ReviewedObjects } from './review.ts';

export type ValidatingDeps = CallDeps & MatchDeps;

/** The objects in every version that was asked for. */
function createView(deps: ValidatingDeps, request: AdmissionRequest): Seen {
  const known: { readonly place: VersionedPlace; readonly objects: ReviewedObjects }[] = [];
  const present = async (object: Readonly<KubeObject> | undefined, place: VersionedPlace) =>
    object === undefined ? undefined : await deps.versions.present(request, object, place);
  return {
    object: request.object,
    async at(place) {
      const found = known.find((each) => sameKind(each.place, place));
      if (found !== undefined) return found.objects;
      const oldObject = await present(request.oldObject, place);
      const objects = { object: await present(request.object, place), oldObject };
      known.push({ place, objects });
      return objects;
    },
  };
}

/** Calls all webhooks that match at once; the first refusal to arrive is the answer, once all have answered. */
export async function dispatchValidating(
  deps: ValidatingDeps,
  webhooks: readonly Webhook[],
  request: AdmissionRequest,
): Promise<void> {
  const view = createView(deps, request);
  const calls: Call[] = [];
  for (const webhook of webhooks) {
    const place = await matchWebhook(deps, webhook, request, view);
    if (place !== undefined) calls.push({ webhook, request, place, objects: await view.at(place), mutating: false });
  }
  const refusals: unknown[] = [];
  await Promise.all(
    calls.map(async (call) => {
      const start = deps.clock.now();
      try {
        await callWebhook(deps, call);
        observeCall(deps, call, start, undefined);
      } catch (error) {
        observeCall(deps, call, start, error);
        const refusal = refusalOf(deps, call, error);
        if (refusal !== undefined) refusals.push(refusal);
      }
    }),
  );
  if (refusals.length > 0) throw refusals[0];
}

import { StatusError } from '../../../api/status.ts';
import { reachedRevision, waitUntil } from '../../registry/list.ts';
import { parseSelection } from '../../registry/selection.ts';
import { StorageError } from '../../storage/store.ts';
import type { Entry } from '../../watch/entry.ts';
import { type Selection, startFeed } from '../../watch/watch-feed.ts';
import { notWatchable } from '../accept.ts';
import type { ApiResponse } from '../message.ts';
import type { ListQuery } from '../query.ts';
import { WatchStream } from '../watch-stream.ts';
import { type ApiDeps, contentTypeOf, type ResourceCall, renderingOf } from './handler.ts';

const bookmarkIntervalMs = 60_000;
/** The last bookmark goes out this long before the stream ends, so that the client resumes from a fresh revision. */
const lastBookmarkLeadMs = 2000;
const initialEventsEnd = { 'k8s.io/initial-events-end': 'true' };

function parseWatchRevision(text: string): number | undefined {
  if (text === '' || text === '0') return undefined;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw new StatusError(
    '',
    `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

export async function handleWatch(deps: ApiDeps, call: ResourceCall, options: ListQuery): Promise<ApiResponse> {
  const { served, info, request } = call;
  const { clock, random, store } = deps.registry;
  const { cache } = served.stored;
  const rendering = renderingOf(deps, call);
  if (rendering.form.format === 'yaml') throw notWatchable();
  const selection = parseSelection(served, { namespace: info.namespace, name: info.name, ...options });
  const given = parseWatchRevision(options.resourceVersion);
  const revision = (): number => reachedRevision(deps.registry, served.stored);
  const stream = new WatchStream({ served, rendering, clock, revision });
  const initial = options.sendInitialEvents === true;
  let start = given ?? revision();

  if (initial && given !== undefined) {
    await awaitOrFail(deps, stream, given);
    await served.stored.form?.caughtUp?.();
  }
  if (initial) start = revision();
  if (initial && !stream.ended)
    sendInitial(
      stream,
      selection,
      cache.entries.range(rangePrefix(served.stored.prefix, served.stored.namespaced, selection)),
    );
  if (initial && options.allowWatchBookmarks) stream.bookmark(start, initialEventsEnd);
  let stopFeed = (): void => undefined;
  try {
    stopFeed = await startFeed({
      cache,
      store,
      selection,
      after: start,
      onEvent: (event) => {
        // A revision from the future: nothing older than it is of interest.
        if (event.event.revision > start) stream.event(event);
      },
      ...(served.stored.form === undefined ? {} : { present: served.stored.form.present }),
    });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    stream.error(
      new StatusError('Expired', `too old resource version: ${given} (${store.compactedRevision})`, {
        cause: error,
      }).toStatus(),
    );
  }
  const seconds = options.timeoutSeconds ?? 0;
  if (seconds < 0) stream.error(new StatusError('InternalError', 'context deadline exceeded').toStatus());
  const timeoutMs = seconds > 0 ? seconds * 1000 : deps.minRequestTimeoutSeconds * 1000 * (1 + random.next());
  const timers = [clock.after(timeoutMs, () => stream.end())];
  if (options.allowWatchBookmarks) {
    const last = { cancel: (): void => undefined };
    const repeat = (): void => {
      last.cancel = clock.after(bookmarkIntervalMs, () => {
        stream.bookmark(revision());
        if (!stream.ended) repeat();
      }).cancel;
    };
    repeat();
    timers.push({ cancel: () => last.cancel() });
    if (timeoutMs > lastBookmarkLeadMs)
      timers.push(clock.after(timeoutMs - lastBookmarkLeadMs, () => stream.bookmark(revision())));
  }
  const forget = cache.onClose(() => stream.end());
  const stop = (): void => {
    stopFeed();
    forget();
    for (const timer of timers) timer.cancel();
  };
  if (stream.ended) stop();
  stream.onEnd = stop;
  request.signal.addEventListener('abort', () => stream.end(), { once: true });
  if (request.signal.aborted) stream.end();
  return { status: 200, headers: { 'content-type': contentTypeOf(rendering) }, stream: (sink) => stream.attach(sink) };
}

/** A snapshot not older than a revision that never comes is refused inside the stream. */
async function awaitOrFail(deps: ApiDeps, stream: WatchStream, revision: number): Promise<void> {
  try {
    await waitUntil(deps.registry, revision);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    stream.error(error.toStatus());
  }
}

function rangePrefix(prefix: string, namespaced: boolean, selection: Selection): string {
  return namespaced && selection.namespace !== undefined ? `${prefix}${selection.namespace}/` : prefix;
}

function sendInitial(stream: WatchStream, selection: Selection, entries: Iterable<Entry>): void {
  for (const entry of entries) {
    if (selection.name !== undefined && entry.name !== selection.name) continue;
    if (selection.matches !== undefined && !selection.matches(entry)) continue;
    stream.event({
      type: 'ADDED',
      entry,
      stale: false,
      event: { revision: entry.revision, type: 'put', entry, previous: undefined },
    });
  }
}

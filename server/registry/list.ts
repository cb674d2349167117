import { parseJson } from '../../api/json.ts';
import { JsonSyntaxError } from '../../api/json-exact.ts';
import { badRequest, StatusError } from '../../api/status.ts';
import { type Page, type Revision, StorageError } from '../storage/store.ts';
import type { Entry } from '../watch/entry.ts';
import type { RegistryDeps } from './context.ts';
import { tooLargeResourceVersion } from './interpret.ts';
import type { StoredResource } from './resource.ts';
import type { ParsedSelection } from './selection.ts';

export interface ListRequest {
  readonly limit: number;
  readonly continueToken: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
}

export interface Listed {
  readonly entries: readonly Entry[];
  readonly revision: Revision;
  readonly continueToken: string;
  readonly remaining: number | undefined;
}

const waitForRevisionMs = 3000;
/** How much of a pinned list is read at a time. */
const pinnedPageSize = 500;

export function parseRevision(text: string, prefix = ''): Revision {
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw badRequest(
    `${prefix}resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${/^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'}`,
  );
}

/** Waits a while for a revision that a client knows and this server has not reached. */
export async function waitUntil(deps: RegistryDeps, wanted: Revision): Promise<void> {
  if (deps.store.revision >= wanted) return;
  const aborted = new AbortController();
  const timer = deps.clock.after(waitForRevisionMs, () => aborted.abort());
  try {
    await deps.caches.waitFor(wanted, aborted.signal);
  } catch {
    throw tooLargeResourceVersion(wanted, deps.store.revision);
  } finally {
    timer.cancel();
  }
}

/** The newest revision of which the resource's cache has everything. */
export function reachedRevision(deps: RegistryDeps, stored: StoredResource): Revision {
  return stored.form?.revision?.() ?? deps.store.revision;
}

/** Consistent lists: of now, of a pinned revision, or continued from a token. */
export async function listEntries(
  deps: RegistryDeps,
  stored: StoredResource,
  selection: ParsedSelection,
  request: ListRequest,
): Promise<Listed> {
  const prefix =
    stored.prefix + (stored.namespaced && selection.namespace !== undefined ? `${selection.namespace}/` : '');
  if (request.continueToken !== '') return continueList(deps, stored, { selection, request, prefix });
  const revision =
    request.resourceVersion === '' ? 0 : parseRevision(request.resourceVersion, 'invalid resource version: ');
  if (revision > 0) await waitUntil(deps, revision);
  const exact = request.resourceVersionMatch === 'Exact' && revision > 0;
  // Upstream: resourceVersion=0 and NotOlderThan are served whole from the cache, without pages, unless a match is asked for.
  const limit = request.resourceVersion === '0' ? 0 : request.limit;
  const legacyExact = request.resourceVersionMatch === '' && request.limit > 0 && revision > 0;
  if ((exact || legacyExact) && revision !== deps.store.revision) {
    return listAt(deps, stored, {
      selection,
      prefix,
      at: revision,
      after: undefined,
      limit: request.limit,
      pinned: true,
    });
  }
  return listNow(deps, stored, selection, { prefix, after: undefined, limit });
}

interface Range {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly limit: number;
}

function inSelection(selection: ParsedSelection, entry: Entry): boolean {
  if (selection.name !== undefined && entry.name !== selection.name) return false;
  return selection.matches === undefined || selection.matches(entry);
}

function listNow(deps: RegistryDeps, stored: StoredResource, selection: ParsedSelection, range: Range): Listed {
  const { cache } = stored;
  const entries = (selection.indexed === undefined ? undefined : cache.indexedBy(selection.indexed)) ?? cache.entries;
  const revision = reachedRevision(deps, stored);
  const found: Entry[] = [];
  if (selection.name !== undefined && (selection.namespace !== undefined || !stored.namespaced)) {
    const entry = entries.get(range.prefix + selection.name);
    if (entry !== undefined && inSelection(selection, entry)) found.push(entry);
    return { entries: found, revision, continueToken: '', remaining: undefined };
  }
  let more = false;
  for (const entry of entries.range(range.prefix, range.after)) {
    if (!inSelection(selection, entry)) continue;
    if (range.limit > 0 && found.length === range.limit) {
      more = true;
      break;
    }
    found.push(entry);
  }
  const last = found.at(-1);
  if (!more || last === undefined) return { entries: found, revision, continueToken: '', remaining: undefined };
  return {
    entries: found,
    revision,
    continueToken: encodeContinue(last.key, range.prefix, revision),
    remaining: selection.isWholeRange ? entries.count(range.prefix, last.key) : undefined,
  };
}

interface PinnedRange extends Range {
  readonly selection: ParsedSelection;
  readonly at: Revision;
  /** False: the first page of an inconsistent continuation. */
  readonly pinned: boolean;
}

async function listAt(deps: RegistryDeps, stored: StoredResource, range: PinnedRange): Promise<Listed> {
  const { prefix, at, limit } = range;
  const found: Entry[] = [];
  let { after } = range;
  try {
    for (;;) {
      const page = await deps.store.list({
        prefix,
        at,
        limit: Math.max(limit, pinnedPageSize),
        ...(after === undefined ? {} : { after }),
      });
      const shown = stored.form === undefined ? page : { ...page, items: await stored.form.present(page.items) };
      const full = takePage(stored, range, shown, found);
      if (full !== undefined) return full;
      after = page.items.at(-1)?.key;
      if (page.remaining === 0 || after === undefined) break;
    }
  } catch (error) {
    if (error instanceof StorageError && error.code === 'Compacted') throw expiredList(range);
    throw error;
  }
  return { entries: found, revision: at, continueToken: '', remaining: undefined };
}

/** Adds what is selected to `found`; the answer once that reaches the limit. */
function takePage(stored: StoredResource, range: PinnedRange, page: Page, found: Entry[]): Listed | undefined {
  const { prefix, at, limit, selection } = range;
  for (const [i, item] of page.items.entries()) {
    const entry = stored.cache.entryOf(item);
    if (!inSelection(selection, entry)) continue;
    found.push(entry);
    if (limit === 0 || found.length < limit) continue;
    const remaining = page.remaining + page.items.length - i - 1;
    const more = remaining > 0;
    return {
      entries: found,
      revision: at,
      continueToken: more ? encodeContinue(entry.key, prefix, at) : '',
      remaining: more && selection.isWholeRange ? remaining : undefined,
    };
  }
  return undefined;
}

interface ContinueToken {
  readonly v?: unknown;
  readonly rv?: unknown;
  readonly start?: unknown;
}

function encodeContinue(lastKey: string, prefix: string, revision: Revision): string {
  const start = `${prefix.split('/').length > 4 ? '/' : ''}${lastKey.slice(prefix.length)}\0`;
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url');
}

function invalidContinue(why: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid${why}`);
}

function decodeContinue(token: string, prefix: string): { after: string; revision: number } {
  const stray = token.search(/[^A-Za-z0-9_-]/);
  const wrong = stray < 0 && token.length % 4 === 1 ? token.length - 1 : stray;
  if (wrong >= 0) throw invalidContinue(`: illegal base64 data at input byte ${wrong}`);
  const parsed = parseContinue(Buffer.from(token, 'base64url').toString());
  if (parsed?.v !== 'meta.k8s.io/v1')
    throw invalidContinue(`: server does not recognize this encoded version ${String(parsed?.v ?? '')}`);
  if (typeof parsed.rv !== 'number' || parsed.rv === 0)
    throw invalidContinue(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof parsed.start !== 'string' || parsed.start === '')
    throw invalidContinue(': encoded start key empty (version meta.k8s.io/v1)');
  const start = parsed.start.startsWith('/') ? parsed.start : `/${parsed.start}`;
  // A key may not climb out of the range it continues.
  if (
    start
      .split('/')
      .slice(1)
      .some((part) => part === '' || part === '.' || part === '..')
  )
    throw invalidContinue(`: ${parsed.start}`);
  return { after: prefix + start.slice(1).replace(/\0$/, ''), revision: parsed.rv };
}

function parseContinue(text: string): ContinueToken {
  let value: unknown;
  try {
    ({ value } = parseJson(text));
  } catch (error) {
    throw error instanceof JsonSyntaxError ? invalidContinue(`: ${error.message}`) : error;
  }
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  if (kind !== 'object')
    throw invalidContinue(`: json: cannot unmarshal ${kind} into Go value of type storage.continueToken`);
  const token = (value ?? {}) as ContinueToken;
  if (token.rv !== undefined && typeof token.rv !== 'number') {
    throw invalidContinue(
      `: json: cannot unmarshal ${typeof token.rv} into Go struct field continueToken.rv of type int64`,
    );
  }
  return token;
}

interface Continuation {
  readonly selection: ParsedSelection;
  readonly request: ListRequest;
  readonly prefix: string;
}

function continueList(
  deps: RegistryDeps,
  stored: StoredResource,
  { selection, request, prefix }: Continuation,
): Promise<Listed> | Listed {
  if (request.resourceVersion !== '' && request.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const { after, revision } = decodeContinue(request.continueToken, prefix);
  // -1 was handed out with an Expired answer: go on at the newest revision.
  if (revision < 0 || revision === deps.store.revision)
    return listNow(deps, stored, selection, { prefix, after, limit: request.limit });
  if (revision > deps.store.revision) throw tooLargeResourceVersion(revision, deps.store.revision);
  return listAt(deps, stored, { selection, prefix, at: revision, after, limit: request.limit, pinned: true });
}

const expiredContinueMessage =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

function expiredList(range: PinnedRange): StatusError {
  if (range.after === undefined) {
    return new StatusError('Expired', `The resourceVersion for the provided list is too old.`, {});
  }
  const token = Buffer.from(
    JSON.stringify({
      v: 'meta.k8s.io/v1',
      rv: -1,
      start: `${range.prefix.split('/').length > 4 ? '/' : ''}${range.after.slice(range.prefix.length)}\0`,
    }),
  ).toString('base64url');
  return new StatusError('Expired', expiredContinueMessage, { metadata: { continue: token } });
}

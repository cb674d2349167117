import { badRequest, notFoundError, StatusError } from '../../../api/status.ts';
import { listEntries, waitUntil } from '../../registry/list.ts';
import { groupResourceOf, keyOf, type StoredResource } from '../../registry/resource.ts';
import { parseSelection } from '../../registry/selection.ts';
import type { Entry } from '../../watch/entry.ts';
import type { ApiResponse } from '../message.ts';
import type { ListQuery } from '../query.ts';
import { renderList, renderValue } from '../render.ts';
import { type ApiDeps, type ResourceCall, refuseForm, renderingOf, respond } from './handler.ts';

/** GET's resourceVersion: not older than. Malformed ones are upstream's internal error. */
async function awaitRequestedRevision(deps: ApiDeps, text: string): Promise<void> {
  if (text === '' || text === '0') return;
  if (!/^\d{1,16}$/.test(text)) {
    throw new StatusError(
      '',
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  await waitUntil(deps.registry, Number(text));
}

export function findEntry(stored: StoredResource, namespace: string, name: string): Entry {
  const entry = stored.cache.entries.get(keyOf(stored, namespace, name));
  if (entry === undefined) throw notFoundError(groupResourceOf(stored), name);
  return entry;
}

export async function handleGet(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { served, info, query } = call;
  const rendering = renderingOf(deps, call);
  if (/^(1|t|true)$/i.test(query.get('export')))
    throw badRequest('the export parameter, deprecated since v1.14, is no longer supported');
  await awaitRequestedRevision(deps, query.get('resourceVersion'));
  const entry = findEntry(served.stored, info.namespace, info.name);
  refuseForm(rendering.form, served, false);
  return respond(call, 200, renderValue(served, entry.value, rendering), rendering);
}

export async function handleList(deps: ApiDeps, call: ResourceCall, options: ListQuery): Promise<ApiResponse> {
  const { served, info } = call;
  const rendering = renderingOf(deps, call);
  refuseForm(rendering.form, served, true);
  const selection = parseSelection(served, { namespace: info.namespace, ...options });
  const listed = await listEntries(deps.registry, served.stored, selection, options);
  return respond(call, 200, renderList(served, listed, rendering), rendering);
}

import { isJsonObject, type JsonObject, type Node, type Structural } from './structural.ts';

export interface PruneOptions {
  /** The object is a whole resource: its apiVersion, kind and metadata stay. Default true. */
  readonly isResource?: boolean;
  /** Collect the paths of what was removed. Default false. */
  readonly track?: boolean;
}

interface Tracker {
  /** Segments from the root: `.name` or `[0]`; the first without its dot. Empty lists stay empty when nothing is tracked. */
  readonly segments: string[];
  readonly unknown: string[];
  readonly track: boolean;
}

function isTypeOrMeta(name: string): boolean {
  return name === 'metadata' || name === 'apiVersion' || name === 'kind';
}

function enter(tracker: Tracker, name: string): void {
  if (tracker.track) tracker.segments.push(tracker.segments.length === 0 ? name : `.${name}`);
}

function leave(tracker: Tracker): void {
  if (tracker.track) tracker.segments.pop();
}

function recordUnknown(tracker: Tracker, name: string): void {
  if (!tracker.track) return;
  enter(tracker, name);
  tracker.unknown.push(tracker.segments.join(''));
  leave(tracker);
}

function pruneItems(list: readonly unknown[], items: Node | undefined, tracker: Tracker, preserve: boolean): void {
  for (let i = 0; i < list.length; i += 1) {
    const item = list[i];
    if (typeof item !== 'object' || item === null) continue;
    if (tracker.track) tracker.segments.push(`[${i}]`);
    if (preserve) keepUnknown(item, items, tracker);
    else pruneValue(item, items, tracker, false);
    leave(tracker);
  }
}

function pruneMember(value: unknown, name: string, node: Node | undefined, tracker: Tracker): void {
  if (typeof value !== 'object' || value === null) return;
  enter(tracker, name);
  pruneValue(value, node, tracker, false);
  leave(tracker);
}

/** Where unknown fields are preserved, those of known members are still pruned. */
function keepUnknown(value: unknown, node: Node | undefined, tracker: Tracker, isResource = false): void {
  if (node === undefined) return;
  if (Array.isArray(value)) pruneItems(value, node.items, tracker, true);
  if (!isJsonObject(value)) return;
  for (const name of Object.keys(value)) {
    if ((node.isEmbedded || isResource) && isTypeOrMeta(name)) continue;
    const property = node.properties.get(name);
    if (property !== undefined) pruneMember(value[name], name, property, tracker);
    else if (node.additional !== undefined)
      pruneMember(value[name], name, node.additional === true ? undefined : node.additional, tracker);
  }
}

function removeAll(object: JsonObject, tracker: Tracker): void {
  for (const name of Object.keys(object)) {
    recordUnknown(tracker, name);
    delete object[name];
  }
}

function pruneObject(object: JsonObject, node: Node, tracker: Tracker, isResource: boolean): void {
  for (const name of Object.keys(object)) {
    if ((node.isEmbedded || isResource) && isTypeOrMeta(name)) continue;
    const property = node.properties.get(name);
    if (property !== undefined) {
      pruneMember(object[name], name, property, tracker);
    } else if (node.additional !== undefined) {
      pruneMember(object[name], name, node.additional === true ? undefined : node.additional, tracker);
    } else {
      if (!isTypeOrMeta(name) || tracker.segments.length > 0) recordUnknown(tracker, name);
      delete object[name];
    }
  }
}

function pruneValue(value: unknown, node: Node | undefined, tracker: Tracker, isResource: boolean): void {
  if (node?.preserves) keepUnknown(value, node, tracker, isResource);
  else if (Array.isArray(value)) pruneItems(value, node?.items, tracker, false);
  else if (!isJsonObject(value)) return;
  else if (node === undefined) removeAll(value, tracker);
  else pruneObject(value, node, tracker, isResource);
}

export function pruneNode(value: unknown, node: Node, options: PruneOptions = {}): string[] {
  const tracker: Tracker = { segments: [], unknown: [], track: options.track ?? false };
  pruneValue(value, node, tracker, options.isResource ?? true);
  return tracker.unknown.sort();
}

/**
 * Removes in place what the schema does not know and returns the paths of what went, sorted, as strict field validation names them
 * (`spec.containers[0].foo`, without the words around them); none unless `track` is set.
 */
export function prune(object: unknown, structural: Structural, options: PruneOptions = {}): string[] {
  return pruneNode(object, structural.root(), options);
}

import { selectableFields } from '../../api/resources/selectable-fields.ts';
import { createFieldMatcher, type LabelMatcher, parseFieldSelector, parseLabelSelector } from '../../api/selectors.ts';
import { badRequest } from '../../api/status.ts';
import type { Entry } from '../watch/entry.ts';
import type { Selection } from '../watch/watch-feed.ts';
import type { ServedResource } from './resource.ts';

export interface SelectionRequest {
  readonly namespace: string;
  /** A name in the path: the old watch form. */
  readonly name?: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

export interface ParsedSelection extends Selection {
  /** Nothing but the namespace restricts it: counts are exact. */
  readonly isWholeRange: boolean;
}

/** Label and field selectors as one predicate; name, namespace and indexed fields are taken out so that they cost nothing per object. */
export function parseSelection(served: ServedResource, request: SelectionRequest): ParsedSelection {
  const { cache } = served.stored;
  const { group, version, resource } = served.definition;
  const labels: LabelMatcher | undefined =
    request.labelSelector === '' ? undefined : parseLabelSelector(request.labelSelector);
  const fields = served.custom?.fields ?? selectableFields({ group, version, resource });
  const requested = parseFieldSelector(request.fieldSelector).requirements;
  for (const { field } of requested) {
    const error = fields.check(field);
    if (error !== undefined) throw badRequest(error);
  }
  const exact = (name: string): string | undefined => requested.find((r) => r.field === name && r.op === '=')?.value;
  const name = exact('metadata.name') ?? (request.name === '' ? undefined : request.name);
  if (request.name !== undefined && request.name !== '' && name !== request.name) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  const namespaceField = served.stored.namespaced ? exact('metadata.namespace') : undefined;
  const namespace = request.namespace === '' && namespaceField !== undefined ? namespaceField : request.namespace;
  const [indexedName] = fields.indexed;
  const indexed = indexedName === undefined ? undefined : exact(indexedName);
  const rest = requested.filter(({ field, op, value }) => !(op === '=' && field === 'metadata.name' && value === name));
  const matcher = createFieldMatcher(rest);
  const hasLabels = labels !== undefined && !labels.isEverything;
  const matches =
    !hasLabels && matcher.isEverything
      ? undefined
      : (entry: Entry): boolean => {
          if (hasLabels && !labels.matches(cache.labelsOf(entry))) return false;
          return matcher.isEverything || matcher.matches((field) => fieldOf(entry, field));
        };
  const fieldOf = (entry: Entry, field: string): string => {
    if (field === 'metadata.name') return entry.name;
    if (field === 'metadata.namespace') return entry.namespace;
    // Versions of a custom resource may read different things under one name.
    if (served.custom !== undefined) return fields.get(cache.objectOf(entry), field);
    return cache.fieldOf(entry, field, (object) => fields.get(object, field));
  };
  return {
    ...(namespace === '' ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(indexed === undefined ? {} : { indexed }),
    ...(matches === undefined ? {} : { matches }),
    isWholeRange: matches === undefined && name === undefined,
  };
}

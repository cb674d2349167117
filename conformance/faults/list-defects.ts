import {
  type Defect,
  deafTo,
  type JsonObject,
  listAt,
  lose,
  objectAt,
  type PassedRequest,
  wrongAnswer,
} from './defect.ts';

const pages = { case: 'lists/configmaps/pages are of one revision' };
const selectors = { case: 'lists/configmaps/selectors choose' };
const remaining = { case: 'lists/configmaps/a page tells how many remain' };
const listThenWatch = { case: 'watch/configmaps/goes on where a list ended' };

// Further than all that writes beside the case.
const ahead = 1_000_000;
const isListOf = (kind: string, document: JsonObject): boolean => document['kind'] === `${kind}List`;

function wrongRevision(name: string, change: (revision: number) => number): Defect {
  return wrongAnswer(name, listThenWatch, (document) => {
    const metadata = isListOf('ConfigMap', document) ? objectAt(document, 'metadata') : undefined;
    if (metadata !== undefined) metadata['resourceVersion'] = String(change(Number(metadata['resourceVersion'])));
    return metadata !== undefined;
  });
}

/** Lists that lack something, or have too much. */
export const listDefects: readonly Defect[] = [
  wrongAnswer('a list is not sorted', selectors, (document) => {
    const items = listAt(document, 'items');
    items.reverse();
    return items.length > 1;
  }),
  wrongAnswer(
    'an item of a list is missing',
    selectors,
    (document) => listAt(document, 'items').splice(1, 1).length > 0,
  ),
  wrongAnswer('an item of a list comes twice', selectors, (document) => {
    const items = listAt(document, 'items');
    items.push(...items.slice(-1));
    return items.length > 0;
  }),
  wrongAnswer('items of a list carry their kind', { table: 'core/configmaps', until: 'list' }, (document) => {
    for (const item of listAt(document, 'items')) item['kind'] = 'ConfigMap';
    return listAt(document, 'items').length > 0;
  }),
  wrongAnswer('an empty list is null', { table: 'meta/selectors', until: 'labels "a=b,"' }, (document) => {
    const isEmpty = Array.isArray(document['items']) && document['items'].length === 0;
    if (isEmpty) document['items'] = null;
    return isEmpty;
  }),
  wrongAnswer('kind of a list is wrong', selectors, (document) => {
    const isList = isListOf('ConfigMap', document);
    if (isList) document['kind'] = 'List';
    return isList;
  }),
  wrongAnswer('resourceVersion of a list is missing', { table: 'core/configmaps', until: 'list' }, (document) =>
    isListOf('ConfigMap', document) ? lose(objectAt(document, 'metadata'), 'resourceVersion') : false,
  ),
  wrongRevision('resourceVersion of a list is too low', () => 1),
  wrongRevision('resourceVersion of a list is too high', (revision) => revision + ahead),
  deafTo('continue', 'continue begins anew', pages),
  deafTo('limit', 'limit is ignored', remaining),
  wrongAnswer('continue is missing', pages, (document) => lose(objectAt(document, 'metadata'), 'continue')),
  wrongAnswer('pages are of several revisions', pages, (document, { query }: PassedRequest) => {
    const metadata = query.has('continue') ? objectAt(document, 'metadata') : undefined;
    if (metadata !== undefined) metadata['resourceVersion'] = String(Number(metadata['resourceVersion']) + 1);
    return metadata !== undefined;
  }),
  wrongAnswer('remainingItemCount is wrong', remaining, (document) => {
    const metadata = objectAt(document, 'metadata');
    if (metadata?.['remainingItemCount'] === undefined) return false;
    metadata['remainingItemCount'] = Number(metadata['remainingItemCount']) + 1;
    return true;
  }),
  wrongAnswer('remainingItemCount is told beside a selector', pages, (document, { query }) => {
    const metadata = query.has('limit') ? objectAt(document, 'metadata') : undefined;
    if (metadata !== undefined) metadata['remainingItemCount'] = 1;
    return metadata !== undefined;
  }),
  deafTo('resourceVersionMatch', 'an exact revision is not kept to', {
    case: 'lists/configmaps/a past revision is listed',
  }),
];

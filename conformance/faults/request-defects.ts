import { type Defect, deafTo, lose, misread, objectAt, type Part, type PassedRequest } from './defect.ts';

function otherHeader(name: string, part: Part, header: string, change: (value: string) => string | undefined): Defect {
  const request = (passed: PassedRequest): PassedRequest | undefined => {
    const value = passed.headers[header];
    const { [header]: _, ...others } = passed.headers;
    const changed = typeof value === 'string' ? change(value) : undefined;
    if (value === undefined || changed === value) return undefined;
    return { ...passed, headers: changed === undefined ? others : { ...others, [header]: changed } };
  };
  return { name, part, inject: () => ({ request }) };
}

const swapped = (from: string, to: string) => (type: string) => (type === from ? to : type);
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const selectors = (until: string) => ({ table: 'meta/selectors', until });

/** A server that does not do what it was asked for. */
export const requestDefects: readonly Defect[] = [
  deafTo('dryRun', 'a dry run persists', { case: 'api/configmaps/is left alone by dry runs' }),
  deafTo('fieldValidation', 'fieldValidation is ignored', { table: 'core/configmaps', until: 'unknown field' }),
  deafTo('labelSelector', 'label selector of a list is ignored', selectors('labels "a!=b"')),
  deafTo('fieldSelector', 'field selector of a list is ignored', selectors('fields "metadata.name=a"')),
  deafTo('labelSelector', 'label selector of a watch is ignored', { case: 'api/configmaps/is watched' }),
  deafTo(
    'labelSelector',
    "selector of a collection's deletion is ignored",
    { case: 'api/configmaps/is deleted as a collection' },
    ({ method }) => method !== 'DELETE',
  ),
  deafTo('propagationPolicy', 'propagationPolicy is ignored', {
    case: 'deletion/configmaps/propagation is what was asked for',
  }),
  misread('uid of a write is ignored', { table: 'core/configmaps', until: 'update with a wrong uid' }, (document) =>
    lose(objectAt(document, 'metadata'), 'uid'),
  ),
  misread(
    'resourceVersion of a write is ignored',
    { case: 'api/configmaps/is created, read, listed, replaced and deleted' },
    (document) => lose(objectAt(document, 'metadata'), 'resourceVersion'),
  ),
  misread('gracePeriodSeconds is ignored', { table: 'core/pods-updates', until: 'graceful delete again' }, (document) =>
    lose(document, 'gracePeriodSeconds'),
  ),
  misread('preconditions are ignored', { case: 'deletion/configmaps/preconditions protect' }, (document) =>
    lose(document, 'preconditions'),
  ),
  misread('finalizers of a create are dropped', { table: 'core/configmaps', until: 'create full' }, (document) =>
    lose(objectAt(document, 'metadata'), 'finalizers'),
  ),
  otherHeader(
    'strategic merge patch is taken for a merge patch',
    { table: 'meta/strategic-merge-patch' },
    'content-type',
    swapped(strategic, merge),
  ),
  otherHeader(
    'merge patch is taken for a strategic one',
    { table: 'meta/merge-patch' },
    'content-type',
    swapped(merge, strategic),
  ),
  otherHeader(
    'Accept is ignored',
    { case: 'api/configmaps/is shown as table, metadata and YAML' },
    'accept',
    () => 'application/json',
  ),
  otherHeader(
    'impersonation is ignored',
    { table: 'authentication/impersonation', until: 'a user' },
    'impersonate-user',
    () => undefined,
  ),
];

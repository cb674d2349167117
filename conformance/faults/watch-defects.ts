import { type Defect, deafTo, type Hooks, objectAt, type Part, type PassedEvent } from './defect.ts';

type Change = (event: PassedEvent, before: readonly PassedEvent[]) => readonly PassedEvent[] | undefined;

const watched = { case: 'api/configmaps/is watched' };
const states = { case: 'watch/configmaps/events hold the state after each write' };
const bookmarks = { case: 'watch/configmaps/goes on where a bookmark stands' };
const initial = { case: 'watch/configmaps/begins with a list' };
const selection = { case: 'watch/configmaps/objects enter and leave a selection' };
const isAbout = ({ object }: PassedEvent): boolean => objectAt(object, 'metadata', 'labels') !== undefined;

/** `change` is told all events that came before on the same watch. */
function wrongEvents(name: string, part: Part, change: Change): Defect {
  const inject = (): Hooks => ({
    events: () => {
      const before: PassedEvent[] = [];
      return (event) => {
        const passed = change(structuredClone(event), before);
        before.push(event);
        return passed;
      };
    },
  });
  return { name, part, inject };
}

function withType(from: string, to: string): Change {
  return (event) => (event.type === from && isAbout(event) ? [{ ...event, type: to }] : undefined);
}

function atRevision({ type, object }: PassedEvent, resourceVersion: unknown): PassedEvent {
  return { type, object: { ...object, metadata: { ...objectAt(object, 'metadata'), resourceVersion } } };
}

const revisionOf = ({ object }: PassedEvent): unknown => objectAt(object, 'metadata')?.['resourceVersion'];

/** Watches that lose, invent or mix up what happened. */
export const watchDefects: readonly Defect[] = [
  wrongEvents('a watch event is dropped', watched, ({ type }) => (type === 'MODIFIED' ? [] : undefined)),
  wrongEvents('a deletion is not told', watched, ({ type }) => (type === 'DELETED' ? [] : undefined)),
  wrongEvents('a watch event comes twice', watched, (event) =>
    event.type === 'MODIFIED' ? [event, structuredClone(event)] : undefined,
  ),
  wrongEvents('two watch events change places', watched, (event, before) => {
    if (event.type === 'MODIFIED') return [];
    const held = before.at(-1);
    return event.type === 'DELETED' && held !== undefined ? [event, held] : undefined;
  }),
  wrongEvents('MODIFIED is told as ADDED', watched, withType('MODIFIED', 'ADDED')),
  wrongEvents('DELETED is told as MODIFIED', watched, withType('DELETED', 'MODIFIED')),
  wrongEvents('what leaves a selection is told as MODIFIED', selection, withType('DELETED', 'MODIFIED')),
  wrongEvents('what enters a selection is told as MODIFIED', selection, (event, before) =>
    event.type === 'ADDED' && before.length > 0 ? [{ ...event, type: 'MODIFIED' }] : undefined,
  ),
  wrongEvents('an event shows the state before', states, (event, before) => {
    const older = before.at(-1);
    return event.type === 'MODIFIED' && older !== undefined
      ? [atRevision({ type: event.type, object: structuredClone(older.object) }, revisionOf(event))]
      : undefined;
  }),
  wrongEvents('a deletion has the revision of the last write', states, (event, before) => {
    const older = before.at(-1);
    return event.type === 'DELETED' && older !== undefined ? [atRevision(event, revisionOf(older))] : undefined;
  }),
  wrongEvents('resourceVersion decreases from event to event', watched, (event) =>
    event.type === 'MODIFIED' ? [atRevision(event, '1')] : undefined,
  ),
  wrongEvents('an event is about an object of another name', watched, (event) => {
    const metadata = objectAt(event.object, 'metadata');
    if (metadata !== undefined) metadata['name'] = 'other';
    return [event];
  }),
  wrongEvents('a bookmark has no resourceVersion', bookmarks, (event) =>
    event.type === 'BOOKMARK' ? [atRevision(event, undefined)] : undefined,
  ),
  wrongEvents('a bookmark has an old resourceVersion', bookmarks, (event) =>
    event.type === 'BOOKMARK' ? [atRevision(event, '1')] : undefined,
  ),
  wrongEvents('a bookmark runs ahead of the events', bookmarks, (event) =>
    event.type === 'BOOKMARK' ? [atRevision(event, String(Number(revisionOf(event)) + 1_000_000))] : undefined,
  ),
  wrongEvents('the end of the initial events is not marked', initial, (event) => {
    const metadata = event.type === 'BOOKMARK' ? objectAt(event.object, 'metadata') : undefined;
    if (metadata === undefined) return undefined;
    delete metadata['annotations'];
    return [event];
  }),
  wrongEvents('the end of the initial events is marked too early', initial, (event, before) => {
    const metadata = { annotations: { 'k8s.io/initial-events-end': 'true' }, resourceVersion: revisionOf(event) };
    const end = { type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata } };
    return before.length === 0 ? [end, event] : undefined;
  }),
  wrongEvents('rows of a watched table are not tables', { case: 'watch/configmaps/comes as tables' }, (event) =>
    event.type === 'ADDED' ? [{ ...event, object: { kind: 'ConfigMap', apiVersion: 'v1' } }] : undefined,
  ),
  deafTo('resourceVersion', 'a watch begins now in place of where it was told', {
    case: 'watch/configmaps/starts at a revision',
  }),
  deafTo('fieldSelector', 'field selector of a watch is ignored', {
    case: 'watch/configmaps/follows one object by name',
  }),
  deafTo(
    'sendInitialEvents',
    'sendInitialEvents is ignored',
    initial,
    ({ query }) => !query.has('allowWatchBookmarks'),
  ),
  deafTo('timeoutSeconds', 'timeoutSeconds is ignored', { case: 'watch/configmaps/ends when its time is over' }),
];

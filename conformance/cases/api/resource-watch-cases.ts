import type { Case } from '../../runner/case.ts';
import type { CaseContext, WatchEvent } from '../../runner/context.ts';
import { placeOf, remove, type Subject } from './subject.ts';

// Controllers inside of API servers write the status of these whenever they get to it.
const restless = new Set([
  'customresourcedefinitions.apiextensions.k8s.io',
  'apiservices.apiregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
]);

function inOrder(wanted: readonly string[]): (events: readonly WatchEvent[]) => boolean {
  return (events) => {
    let at = 0;
    for (const { type } of events) if (type === wanted[at]) at++;
    return at === wanted.length;
  };
}

async function watched(c: CaseContext, subject: Subject): Promise<void> {
  const { collection, name, selector, object } = await placeOf(c, subject);
  const path = `${collection}/${name}`;
  const events = await c.watch(`${collection}?watch=1&${selector}`, {
    until: inOrder(['ADDED', 'MODIFIED', 'DELETED']),
    unstable: restless.has(subject.groupResource),
    during: async () => {
      await c.post(collection, object(), { has: { 'metadata.name': name } });
      await c.patch(path, { metadata: { labels: { watched: 'yes' } } }, { has: { 'metadata.labels.watched': 'yes' } });
      await remove(c, path);
    },
  });
  const revisions = events.map((event) => Number(event.at('metadata.resourceVersion')));
  c.ok(
    revisions.every((revision, i) => i === 0 || revision > (revisions[i - 1] ?? 0)),
    'resourceVersions of events grow',
  );
  for (const event of events) {
    c.equal(event.at('kind'), subject.resource.kind, 'kind of the event');
    c.equal(event.at('metadata.name'), name, 'name in the event');
  }
}

async function watchedTheOldWay(c: CaseContext, subject: Subject): Promise<void> {
  const { root, tail, collection, everywhere, name, selector, object } = await placeOf(c, subject);
  await c.post(collection, object(), { has: { 'metadata.name': name } });
  const watch = `${root}/watch`;
  const paths = [`${watch}${tail}?${selector}`, `${watch}${tail}/${name}`];
  if (subject.resource.namespaced) paths.push(`${watch}${everywhere.slice(root.length)}?${selector}`);
  for (const path of paths) {
    const events = await c.watch(path, { until: inOrder(['ADDED']), unstable: restless.has(subject.groupResource) });
    c.equal(events[0]?.at('metadata.name'), name, 'name in the event');
  }
  await remove(c, `${collection}/${name}`);
}

export function resourceWatchCases(subject: Subject, base: Pick<Case, 'groupVersion' | 'free'>): Case[] {
  const proves = 'Kubernetes API concepts: efficient detection of changes';
  return [
    { id: `api/${subject.id}/is watched`, proves, ...base, run: (c) => watched(c, subject) },
    { id: `api/${subject.id}/is watched the old way`, proves, ...base, run: (c) => watchedTheOldWay(c, subject) },
  ];
}

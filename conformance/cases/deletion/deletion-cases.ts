import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const options = { kind: 'DeleteOptions', apiVersion: 'v1' };

async function madeMap(c: CaseContext, metadata: Readonly<Record<string, unknown>> = {}) {
  const maps = `/api/v1/namespaces/${await c.namespace()}/configmaps`;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...metadata } };
  const made = await c.post(maps, object, { has: { 'metadata.name': 'a' } });
  return { path: `${maps}/a`, uid: made.textAt('metadata.uid'), revision: made.textAt('metadata.resourceVersion') };
}

async function preconditions(c: CaseContext): Promise<void> {
  const { path, uid, revision } = await madeMap(c);
  const refused = (message: string) => ({
    status: 409,
    has: {
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on ConfigMap "a": ${message}`,
      details: { name: 'a', kind: 'ConfigMap' },
    },
  });
  await c.delete(path, {
    body: { ...options, preconditions: { uid: 'other' } },
    ...refused(
      `the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    ),
  });
  await c.delete(path, {
    body: { ...options, preconditions: { resourceVersion: '1' } },
    unstable: true,
    ...refused(
      `the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${revision}). The object might have been modified`,
    ),
  });
  await c.get(path, { has: { 'metadata.uid': uid } });
  await c.delete(path, {
    body: { ...options, preconditions: { uid, resourceVersion: revision } },
    has: { status: 'Success' },
  });
}

async function propagation(c: CaseContext): Promise<void> {
  const { path } = await madeMap(c);
  const finalizers = { Foreground: 'foregroundDeletion', Orphan: 'orphan' };
  for (const [policy, finalizer] of Object.entries(finalizers))
    await c.delete(`${path}?dryRun=All&propagationPolicy=${policy}`, {
      has: {
        kind: 'ConfigMap',
        'metadata.finalizers': [finalizer],
        'metadata.deletionTimestamp': /^\d{4}-/,
        'metadata.deletionGracePeriodSeconds': 0,
      },
    });
  await c.delete(`${path}?dryRun=All&propagationPolicy=Background`, { has: { kind: 'Status', status: 'Success' } });
  await c.delete(`${path}?propagationPolicy=Some`, {
    status: 422,
    has: {
      message:
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Some": supported values: "Foreground", "Background", "Orphan", "nil"',
    },
  });
  await c.delete(path, { has: { status: 'Success' } });
}

/** Held by a finalizer, an object stays readable, takes no new finalizers, and goes with the last of them. */
async function held(c: CaseContext): Promise<void> {
  const { path, uid } = await madeMap(c, { finalizers: ['example.com/a', 'example.com/b'] });
  const is = { 'metadata.uid': uid, 'metadata.deletionTimestamp': /^\d{4}-/ };
  await c.delete(path, { has: { ...is, 'metadata.finalizers': ['example.com/a', 'example.com/b'] } });
  await c.get(path, { has: is });
  const added = ['example.com/a', 'example.com/b', 'example.com/c'];
  await c.patch(
    path,
    { metadata: { finalizers: added } },
    {
      status: 422,
      has: { reason: 'Invalid', message: /no new finalizers can be added if the object is being deleted/ },
    },
  );
  await c.patch(
    path,
    { metadata: { finalizers: ['example.com/b'] } },
    { has: { ...is, 'metadata.finalizers': ['example.com/b'] } },
  );
  await c.patch(path, { metadata: { finalizers: null } }, { has: is });
  await c.get(path, { status: 404, has: { reason: 'NotFound' } });
}

const proves = 'Kubernetes API concepts: resource deletion';

export const deletionCases: readonly Case[] = [
  { id: 'deletion/configmaps/preconditions protect', proves, run: preconditions },
  { id: 'deletion/configmaps/propagation is what was asked for', proves, run: propagation },
  { id: 'deletion/configmaps/finalizers hold', proves, run: held },
];

import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

const map = (name: string, extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...extra },
});

async function mapsOf(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/configmaps`;
}

async function oneWinner(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const tries = Array.from({ length: 10 }, () => c.post(maps, map('a'), { status: [201, 409], unstable: true }));
  const made = (await Promise.all(tries)).filter(({ status }) => status === 201);
  c.equal(made.length, 1, 'creates of one name that succeed');
  const current = await c.get(`${maps}/a`, { has: { 'metadata.uid': made[0]?.at('metadata.uid') } });
  const puts = Array.from({ length: 10 }, (_, i) =>
    c.put(`${maps}/a`, { ...(current.body as object), data: { i: String(i) } }, { status: [200, 409], unstable: true }),
  );
  c.equal(
    (await Promise.all(puts)).filter(({ status }) => status === 200).length,
    1,
    'updates of one revision that succeed',
  );
}

async function countsUp(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  await c.post(maps, { ...map('n'), data: { n: '0' } }, { has: { 'data.n': '0' } });
  const increment = async (): Promise<void> => {
    for (;;) {
      const { body } = await c.get(`${maps}/n`, { unstable: true });
      const object = structuredClone(body) as { data: { n: string } };
      object.data.n = String(Number(object.data.n) + 1);
      if ((await c.put(`${maps}/n`, object, { status: [200, 409], unstable: true })).status === 200) return;
    }
  };
  await Promise.all(Array.from({ length: 8 }, increment));
  await c.get(`${maps}/n`, { has: { 'data.n': '8' } });
}

async function finalizers(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  await c.post(maps, map('f', { finalizers: ['example.com/hold'] }), {
    has: { 'metadata.finalizers': ['example.com/hold'] },
  });
  await c.delete(`${maps}/f`, { has: { 'metadata.deletionTimestamp': /./, 'metadata.deletionGracePeriodSeconds': 0 } });
  await c.get(`${maps}/f`, { has: { 'metadata.deletionTimestamp': /./ } });
  await c.patch(
    `${maps}/f`,
    { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
    {
      status: 422,
      has: { message: /metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted/ },
    },
  );
  await c.patch(`${maps}/f`, { metadata: { finalizers: [] } }, { has: { 'metadata.name': 'f' } });
  await c.get(`${maps}/f`, { status: 404, has: { reason: 'NotFound' } });
}

async function preconditions(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const made = await c.post(maps, map('p'), { has: { 'metadata.name': 'p' } });
  const options = (preconditions: object) => ({ body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions } });
  await c.delete(`${maps}/p`, {
    ...options({ uid: 'other' }),
    status: 409,
    has: { reason: 'Conflict', message: /the UID in the precondition \(other\) does not match the UID in record/ },
  });
  await c.delete(`${maps}/p`, { ...options({ resourceVersion: '1' }), status: 409, has: { reason: 'Conflict' } });
  await c.delete(`${maps}/p`, {
    ...options({ uid: made.at('metadata.uid'), resourceVersion: made.at('metadata.resourceVersion') }),
    has: { status: 'Success' },
  });
}

async function generatedNames(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } };
  const names = new Set<string>();
  for (let i = 0; i < 5; i++)
    names.add((await c.post(maps, object, { has: { 'metadata.name': /^made-[a-z0-9]{5}$/ } })).textAt('metadata.name'));
  c.equal(names.size, 5, 'different names');
}

async function immutable(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  await c.post(maps, { ...map('i'), immutable: true, data: { a: 'b' } }, { has: { immutable: true } });
  const message = 'ConfigMap "i" is invalid: data: Forbidden: field is immutable when `immutable` is set';
  await c.patch(`${maps}/i`, { data: { a: 'c' } }, { status: 422, has: { message } });
  await c.delete(`${maps}/i`, { has: { status: 'Success' } });
}

async function survives(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const made = await c.post(maps, { ...map('kept'), data: { a: 'b' } }, { has: { 'data.a': 'b' } });
  const changed = await c.patch(`${maps}/kept`, { data: { a: 'c' } }, { has: { 'data.a': 'c' } });
  await c.post(maps, map('gone'), { has: { 'metadata.name': 'gone' } });
  await c.delete(`${maps}/gone`, { has: { status: 'Success' } });
  await c.restart();
  await c.get(`${maps}/kept`, {
    has: {
      'data.a': 'c',
      'metadata.uid': made.at('metadata.uid'),
      'metadata.resourceVersion': changed.at('metadata.resourceVersion'),
    },
  });
  await c.get(`${maps}/gone`, { status: 404, has: { reason: 'NotFound' } });
  const later = await c.post(maps, map('later'), { has: { 'metadata.name': 'later' } });
  c.ok(
    Number(later.at('metadata.resourceVersion')) > Number(changed.at('metadata.resourceVersion')),
    'revisions go on growing',
  );
  const events = await c.watch(`${maps}?watch=1&resourceVersion=${changed.textAt('metadata.resourceVersion')}`, {
    until: ['ADDED', 'DELETED', 'ADDED'],
  });
  c.equal(
    events.map((event) => event.at('metadata.name')),
    ['gone', 'gone', 'later'],
    'a watch resumes over the restart',
  );
}

const concepts = 'Kubernetes API concepts: resource versions';

export const storageCases: readonly Case[] = [
  { id: 'storage/writes/one of many creates or updates wins', proves: concepts, run: oneWinner },
  { id: 'storage/writes/no update is lost', proves: concepts, run: countsUp },
  { id: 'storage/deletion/finalizers hold an object', proves: 'Finalizers', run: finalizers },
  {
    id: 'storage/deletion/preconditions are kept',
    proves: 'Kubernetes API concepts: resource deletion',
    run: preconditions,
  },
  { id: 'storage/names/are generated', proves: 'Kubernetes API concepts: generated names', run: generatedNames },
  {
    id: 'storage/objects/immutable ones stay as they are',
    proves: '[sig-storage] ConfigMap should be immutable if `immutable` field is set [Conformance]',
    run: immutable,
  },
  {
    id: 'storage/restart/what was acknowledged survives a kill',
    proves: 'Durability of acknowledged writes',
    needs: ['restart'],
    run: survives,
  },
];

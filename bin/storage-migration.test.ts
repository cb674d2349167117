import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { spawnServer } from './spawned-server.ts';

const waitMs = 20_000;
const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };

function definition(stored: 'v1' | 'v2') {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === stored, schema })),
    },
  };
}

t.test('objects stored in an older version are stored anew, and the old version is forgotten', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kubefacade-migration-'));
  const served = '--runtime-config=storagemigration.k8s.io/v1beta1=true';
  const server = await spawnServer(folder, '--storage', 'memory', '--nodes', '0', served);
  t.teardown(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: text } = await server.ask(method, path, body);
    // A kind that is not served yet answers in plain text.
    return { status, object: text.startsWith('{') ? JSON.parse(text) : {} };
  };
  const until = async <T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> => {
    for (const end = Date.now() + waitMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const value = await read();
      if (isDone(value) || Date.now() > end) return value;
    }
  };
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const things = '/apis/example.com/v1/namespaces/default/things';
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'old' } };
  await ask('POST', definitions, definition('v1'));
  const made = await until(
    () => ask('POST', things, thing),
    ({ status }) => status === 201,
  );
  const current = await ask('GET', `${definitions}/things.example.com`);
  const { resourceVersion } = current.object.metadata;
  const changed = { ...definition('v2'), metadata: { name: 'things.example.com', resourceVersion } };
  await ask('PUT', `${definitions}/things.example.com`, changed);
  const migrations = '/apis/storagemigration.k8s.io/v1beta1/storageversionmigrations';
  const resource = { group: 'example.com', resource: 'things' };
  const migration = { kind: 'StorageVersionMigration', metadata: { name: 'move' }, spec: { resource } };
  await ask('POST', migrations, { apiVersion: 'storagemigration.k8s.io/v1beta1', ...migration });
  const ended = await until(
    () => ask('GET', `${migrations}/move`),
    ({ object }) =>
      object.status?.conditions?.some(({ reason }: { reason: string }) => reason === 'MigrationCompleted'),
  );
  const reasons = ended.object.status.conditions.map(({ reason }: { reason: string }) => reason).toSorted();
  t.same(reasons, ['MigrationCompleted', 'StorageVersionMigrationSucceeded']);
  const after = await ask('GET', `${things}/old`);
  t.not(after.object.metadata.resourceVersion, made.object.metadata.resourceVersion, 'it was written anew');
  const { status } = (await ask('GET', `${definitions}/things.example.com`)).object;
  t.same(status.storedVersions, ['v2']);
});

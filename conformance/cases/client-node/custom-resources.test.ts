import { randomBytes } from 'node:crypto';
import * as k8s from '@kubernetes/client-node';
import t from 'tap';
import { startServer } from '../../clients/server.ts';
import { until } from './until.ts';

interface Boat extends k8s.KubernetesObject {
  spec?: { size?: number; colour?: string; name?: string };
  status?: { phase?: string };
}

const namespace = 'default';

function definitionOf(group: string): k8s.V1CustomResourceDefinition {
  const spec = {
    type: 'object',
    properties: {
      size: { type: 'integer', minimum: 1 },
      colour: { type: 'string', _default: 'blue' },
      name: { type: 'string' },
    },
  };
  const status = { type: 'object', properties: { phase: { type: 'string' }, replicas: { type: 'integer' } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `boats.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'boats', singular: 'boat', kind: 'Boat', listKind: 'BoatList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.replicas' },
          },
        },
      ],
    },
  };
}

// A server of our own, or the one of a kubeconfig: the same must hold on kube-apiserver.
const given = process.env['CLIENT_KUBECONFIG'];

t.test('an informer of client-node on a custom resource', async (t) => {
  await using server = given === undefined ? await startServer() : undefined;
  const config = new k8s.KubeConfig();
  config.loadFromFile(given ?? server?.kubeconfig ?? '');
  const group = `z${randomBytes(4).toString('hex')}.example.com`;
  const definitions = config.makeApiClient(k8s.ApiextensionsV1Api);
  const custom = config.makeApiClient(k8s.CustomObjectsApi);
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  const name = `boats.${group}`;
  const boat = (called: string, spec: Boat['spec']): Boat & { metadata: { name: string; namespace: string } } => ({
    apiVersion: `${group}/v1`,
    kind: 'Boat',
    metadata: { name: called, namespace, labels: { seen: 'yes' } },
    spec,
  });
  const target = { group, version: 'v1', namespace, plural: 'boats' };
  const patch = (called: string, body: object) =>
    objects.patch<Boat>(
      {
        ...boat(called, undefined),
        ...body,
        metadata: { name: called, namespace, ...('metadata' in body ? (body.metadata as object) : {}) },
      },
      undefined,
      undefined,
      undefined,
      undefined,
      k8s.PatchStrategy.MergePatch,
    );

  await definitions.createCustomResourceDefinition({ body: definitionOf(group) });
  const isEstablished = async (): Promise<boolean> => {
    const { status } = await definitions.readCustomResourceDefinition({ name });
    return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
  };
  await until('the definition is established', isEstablished);
  await until('its objects are served', () =>
    custom.listNamespacedCustomObject(target).then(
      () => true,
      () => false,
    ),
  );
  await objects.create(boat('ark', { size: 3 }));

  const told: string[] = [];
  const list = async (): Promise<k8s.KubernetesListObject<Boat>> =>
    (await custom.listNamespacedCustomObject({
      ...target,
      labelSelector: 'seen=yes',
    })) as k8s.KubernetesListObject<Boat>;
  const path = `/apis/${group}/v1/namespaces/${namespace}/boats`;
  const informer = k8s.makeInformer<Boat>(config, path, list, 'seen=yes');
  for (const event of ['add', 'update', 'delete'] as const)
    informer.on(event, ({ metadata, spec, status }) =>
      told.push([event, metadata?.name, spec?.size, spec?.colour, status?.phase].filter(Boolean).join(' ')),
    );
  await informer.start();
  try {
    await t.test('what is there, what comes, changes and goes', async (t) => {
      t.same(informer.get('ark', namespace)?.spec, { size: 3, colour: 'blue' }, 'defaults are filled in');
      await objects.create(boat('raft', { size: 1, colour: 'red' }));
      await until('the raft is told', () => told.includes('add raft 1 red'));
      await patch('raft', { spec: { size: 2 } });
      await until('its size is told', () => told.includes('update raft 2 red'));
      await t.rejects(patch('raft', { spec: { size: 0 } }), { code: 422 }, 'invalid changes are no events');
      await custom.patchNamespacedCustomObjectStatus({
        ...target,
        name: 'raft',
        body: [{ op: 'add', path: '/status', value: { phase: 'Afloat' } }],
      });
      await until('its status is told', () => told.includes('update raft 2 red Afloat'));
      await custom.patchNamespacedCustomObjectScale({
        ...target,
        name: 'raft',
        body: [{ op: 'replace', path: '/spec/replicas', value: 7 }],
      });
      await until('its scale is told', () => told.includes('update raft 7 red Afloat'));
      await patch('ark', { metadata: { labels: { seen: null } } });
      await until('what the selector lost is gone', () => told.includes('delete ark 3 blue'));
      t.equal(informer.get('ark', namespace), undefined);
      t.same(told, [
        'add ark 3 blue',
        'add raft 1 red',
        'update raft 2 red',
        'update raft 2 red Afloat',
        'update raft 7 red Afloat',
        'delete ark 3 blue',
      ]);
    });

    await t.test('a changed schema is what the next objects are read by', async (t) => {
      const definition = await definitions.readCustomResourceDefinition({ name });
      const [version] = definition.spec.versions;
      const spec = version?.schema?.openAPIV3Schema?.properties?.['spec'];
      if (spec?.properties === undefined) throw new Error('the definition has lost its schema');
      spec.properties['crew'] = { type: 'integer' };
      await definitions.replaceCustomResourceDefinition({ name, body: definition });
      const keeps = async (): Promise<boolean> => {
        const { spec: kept } = await patch('raft', { spec: { crew: 4 } });
        return (kept as { crew?: number } | undefined)?.crew === 4;
      };
      await until('the new field is kept', keeps);
      // kube-apiserver goes on with the old schema in watches that were open before, for a minute or so.
      const later = k8s.makeInformer<Boat>(config, path, list, 'seen=yes');
      await later.start();
      await later.stop();
      t.match(later.get('raft', namespace)?.spec, { crew: 4 });
      t.match(later.get('raft', namespace), { spec: { size: 7, colour: 'red' }, status: { phase: 'Afloat' } });
    });

    await t.test('with the definition its objects go, and the informer is told of the last of them', async (t) => {
      await definitions.deleteCustomResourceDefinition({ name });
      await until('the raft is gone', () => told.some((line) => line.startsWith('delete raft')));
      t.same(informer.list(), []);
      const isGone = () =>
        definitions.readCustomResourceDefinition({ name }).then(
          () => false,
          () => true,
        );
      await until('the definition is gone', isGone);
      await until('its path is gone', () =>
        custom.listNamespacedCustomObject(target).then(
          () => false,
          () => true,
        ),
      );
    });
  } finally {
    await informer.stop();
    await definitions.deleteCustomResourceDefinition({ name }).catch(() => undefined);
  }
});

import { test } from 'tap';
import type { Api, KubeObject } from '../../api/object.ts';
import type { PermissionAttributes, PermissionAuthorizer } from './authorizer.ts';
import { admissionOrder, createAdmissionChain } from './chain.ts';
import { createAdmissionPlugins, isPluginEnabled, pluginSelectionErrors } from './default-plugins.ts';
import { admit, admitted, depsOf, nothing, noWriter, requestOf } from './plugin-fixtures.ts';

test("the default plug-ins are upstream's, in upstream's order", (t) => {
  const chain = createAdmissionChain(createAdmissionPlugins(depsOf({}), nothing));
  t.same(
    chain.plugins,
    admissionOrder.filter((name) => chain.plugins.includes(name)),
  );
  const off = [
    'AlwaysAdmit',
    'NamespaceAutoProvision',
    'NamespaceExists',
    'LimitPodHardAntiAffinityTopology',
    'NodeRestriction',
    'AlwaysPullImages',
    'ImagePolicyWebhook',
    'PodNodeSelector',
    'PodTolerationRestriction',
    'EventRateLimit',
    'ExtendedResourceToleration',
    'OwnerReferencesPermissionEnforcement',
    'DenyServiceExternalIPs',
    'AlwaysDeny',
  ];
  const elsewhere = admissionOrder.filter((name) => /^PodGroup|^JobValidation$/.test(name));
  t.same(
    chain.plugins,
    admissionOrder.filter((name) => !off.includes(name) && !elsewhere.includes(name)),
  );
  t.end();
});

test('plug-ins are switched on and off by name', (t) => {
  const selection = { enable: ['AlwaysPullImages'], disable: ['PodSecurity', 'MutatingAdmissionWebhook'] };
  const { plugins } = createAdmissionChain(createAdmissionPlugins(depsOf({}), selection));
  t.ok(plugins.includes('AlwaysPullImages'));
  t.notOk(plugins.includes('PodSecurity'));
  t.notOk(isPluginEnabled('MutatingAdmissionWebhook', selection));
  t.ok(isPluginEnabled('ValidatingAdmissionWebhook', selection));
  t.same(pluginSelectionErrors(selection), []);
  t.same(pluginSelectionErrors({ enable: ['Foo', 'Priority'], disable: ['Bar', 'Priority'] }), [
    'enable-admission-plugins plugin "Foo" is unknown',
    'disable-admission-plugins plugin "Bar" is unknown',
    '[Priority] in enable-admission-plugins and disable-admission-plugins overlapped',
  ]);
  t.same(pluginSelectionErrors({ enable: ['ImagePolicyWebhook'], disable: [] }), [
    'enable-admission-plugins plugin "ImagePolicyWebhook" is not available',
  ]);
  t.end();
});

test('new nodes and storage get what protects them', async (t) => {
  const deps = depsOf({});
  const node = await admitted('TaintNodesByCondition', deps, { resource: 'nodes' }, {
    metadata: { name: 'n' },
  } as Api<'io.k8s.api.core.v1.Node'>);
  t.same(node.spec?.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  const volume = await admitted(
    'StorageObjectInUseProtection',
    deps,
    { resource: 'persistentvolumes' },
    { metadata: { finalizers: ['a/b'] } },
  );
  t.same(volume.metadata.finalizers, ['a/b', 'kubernetes.io/pv-protection']);
  const vac = await admitted(
    'StorageObjectInUseProtection',
    deps,
    { group: 'storage.k8s.io', resource: 'volumeattributesclasses' },
    { metadata: {} } as KubeObject,
  );
  t.same(vac.metadata?.finalizers, ['kubernetes.io/vac-protection']);
});

test('the newest default class is taken, and no class is respected', async (t) => {
  type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const classes = [
    { metadata: { name: 'a', creationTimestamp: '2025-01-01T00:00:00Z', annotations } },
    { metadata: { name: 'b', creationTimestamp: '2025-01-02T00:00:00Z', annotations } },
    { metadata: { name: 'c', creationTimestamp: '2025-01-02T00:00:00Z', annotations } },
    { metadata: { name: 'd', creationTimestamp: '2025-01-03T00:00:00Z' } },
  ];
  const deps = depsOf({ 'storageclasses.storage.k8s.io': classes });
  const classOf = async (claim: Claim) =>
    (await admitted('DefaultStorageClass', deps, { resource: 'persistentvolumeclaims' }, claim)).spec?.storageClassName;
  t.equal(await classOf({ spec: {} }), 'b');
  t.equal(await classOf({ spec: { storageClassName: '' } }), '');
  t.equal(
    await classOf({ metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } }, spec: {} }),
    undefined,
  );

  type Ingress = Api<'io.k8s.api.networking.v1.Ingress'>;
  const ingressClass = {
    metadata: { name: 'i', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  };
  const ingressDeps = depsOf({ 'ingressclasses.networking.k8s.io': [ingressClass] });
  const ingressClassOf = async (ingress: Ingress) =>
    (await admitted('DefaultIngressClass', ingressDeps, { group: 'networking.k8s.io', resource: 'ingresses' }, ingress))
      .spec?.ingressClassName;
  t.equal(await ingressClassOf({ spec: {} }), 'i');
  t.equal(
    await ingressClassOf({ metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: {} }),
    undefined,
  );
});

test('claims grow only where their class can', async (t) => {
  const deps = depsOf({
    'storageclasses.storage.k8s.io': [{ metadata: { name: 'big' }, allowVolumeExpansion: true } as KubeObject],
  });
  const grow = (storageClassName: string, phase: string) => {
    const claim = (storage: string) =>
      ({
        metadata: { name: 'c' },
        spec: { storageClassName, resources: { requests: { storage } } },
        status: { phase },
      }) as KubeObject;
    return admit(
      'PersistentVolumeClaimResize',
      deps,
      requestOf({ resource: 'persistentvolumeclaims', object: claim('2Gi'), oldObject: claim('1Gi') }),
    );
  };
  t.equal(await grow('big', 'Bound'), undefined);
  t.equal(
    await grow('big', 'Pending'),
    'persistentvolumeclaims "c" is forbidden: Only bound persistent volume claims can be expanded',
  );
  t.match(await grow('small', 'Bound'), /only dynamically provisioned pvc can be resized/);
});

test('approval and signing ask for the signer, then for its domain', async (t) => {
  const asked: PermissionAttributes[] = [];
  const authorizer: PermissionAuthorizer = {
    authorize: (attributes) => {
      asked.push(attributes);
      return {
        decision: attributes.verb === 'sign' && attributes.name === 'example.com/*' ? 'allow' : 'noOpinion',
        reason: '',
      };
    },
  };
  const deps = depsOf({}, { authorizer });
  const request = (subresource: string, status: object) =>
    requestOf({
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      subresource,
      object: { metadata: { name: 'a' }, spec: { signerName: 'example.com/s' }, status } as KubeObject,
      oldObject: { metadata: { name: 'a' }, spec: { signerName: 'example.com/s' } } as KubeObject,
    });
  t.equal(
    await admit('CertificateApproval', deps, request('approval', {})),
    'certificatesigningrequests.certificates.k8s.io "a" is forbidden: user not permitted to approve requests with signerName "example.com/s"',
  );
  t.same(
    asked.map(({ verb, resource, name }) => [verb, resource, name]),
    [
      ['approve', 'signers', 'example.com/s'],
      ['approve', 'signers', 'example.com/*'],
    ],
  );
  t.equal(await admit('CertificateSigning', deps, request('status', { certificate: 'x' })), undefined);
  asked.length = 0;
  t.equal(await admit('CertificateSigning', deps, request('status', {})), undefined);
  t.same(asked, [], 'a status that stays the same needs nobody');
});

test('owners are set by those who may delete, and block deletion only for those who may finalize', async (t) => {
  const allowed = new Set<string>();
  const authorizer: PermissionAuthorizer = {
    authorize: ({ verb, resource, subresource }) => ({
      decision: allowed.has(`${verb} ${resource}/${subresource}`) ? 'allow' : 'noOpinion',
      reason: '',
    }),
  };
  const mapping = { group: 'apps', version: 'v1', resource: 'deployments', namespaced: true };
  const deps = depsOf({}, { authorizer, mappingOf: (apiVersion) => (apiVersion === 'apps/v1' ? mapping : undefined) });
  const owned = (apiVersion: string, blockOwnerDeletion: boolean) =>
    ({
      metadata: {
        name: 'c',
        ownerReferences: [{ apiVersion, kind: 'Deployment', name: 'p', uid: 'u', blockOwnerDeletion }],
      },
    }) as KubeObject;
  const create = (object: KubeObject) =>
    admit('OwnerReferencesPermissionEnforcement', deps, requestOf({ resource: 'configmaps', object }));
  t.equal(await create(owned('apps/v1', false)), undefined);
  t.equal(
    await create(owned('apps/v1', true)),
    'configmaps "c" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on: , <nil>',
  );
  t.equal(
    await create(owned('example.com/v1', true)),
    'configmaps "c" is forbidden: cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion example.com/v1 Kind Deployment: no matches for kind "Deployment" in version "example.com/v1"',
  );
  allowed.add('update deployments/finalizers');
  t.equal(await create(owned('apps/v1', true)), undefined);
  const update = requestOf({
    resource: 'configmaps',
    object: owned('apps/v1', false),
    oldObject: { metadata: { name: 'c' } },
  });
  t.equal(
    await admit('OwnerReferencesPermissionEnforcement', deps, update),
    'configmaps "c" is forbidden: cannot set an ownerRef on a resource you can\'t delete: , <nil>',
  );
});

test('optional plug-ins of pods and services', async (t) => {
  type Pod = Api<'io.k8s.api.core.v1.Pod'>;
  const deps = depsOf({});
  const pulled = await admitted('AlwaysPullImages', deps, { resource: 'pods' }, {
    spec: { containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Never' }] },
  } as Pod);
  t.equal(pulled.spec?.containers?.[0]?.imagePullPolicy, 'Always');
  const requests = { 'example.com/b': '1', 'example.com/a': '1', cpu: '1', 'x.kubernetes.io/y': '1' };
  const extended = await admitted('ExtendedResourceToleration', deps, { resource: 'pods' }, {
    spec: { containers: [{ name: 'c', resources: { requests } }] },
  } as Pod);
  t.same(
    extended.spec?.tolerations?.map(({ key }) => key),
    ['example.com/a', 'example.com/b'],
  );
  const service = { metadata: { name: 's' }, spec: { externalIPs: ['1.2.3.4'] } } as KubeObject;
  t.match(
    await admit('DenyServiceExternalIPs', deps, requestOf({ resource: 'services', object: service })),
    /Use of external IPs is denied/,
  );
  t.equal(
    await admit(
      'DenyServiceExternalIPs',
      deps,
      requestOf({ resource: 'services', object: service, oldObject: service }),
    ),
    undefined,
  );
  t.match(
    await admit('AlwaysDeny', deps, requestOf({ resource: 'services', object: service })),
    /admission control is denying all modifications/,
  );
});

test('namespaces are made, or missed', async (t) => {
  const made: string[] = [];
  const create = async <T extends KubeObject>(_resource: string, _namespace: string, object: T): Promise<T> => {
    made.push(object.metadata?.name ?? '');
    return object;
  };
  const deps = depsOf({}, { writer: { ...noWriter, create } });
  const request = (namespace: string) =>
    requestOf({ resource: 'configmaps', namespace, object: { metadata: { name: 'c' } } });
  t.equal(await admit('NamespaceAutoProvision', deps, request('other')), undefined);
  t.equal(await admit('NamespaceAutoProvision', deps, request('ns')), undefined);
  t.equal(await admit('NamespaceAutoProvision', deps, { ...request('dry'), dryRun: true }), undefined);
  t.same(made, ['other']);
  t.equal(await admit('NamespaceExists', deps, request('other')), 'namespaces "other" not found');
});

test('kubelets are held to their node, others are not', async (t) => {
  const deps = depsOf({});
  const kubelet = { username: 'system:node:n1', groups: ['system:nodes'] };
  const node = (name: string, labels?: Record<string, string>) =>
    requestOf({ resource: 'nodes', object: { metadata: { name, labels } } as KubeObject });
  t.equal(await admit('NodeRestriction', deps, node('n2')), undefined);
  t.equal(
    await admit('NodeRestriction', deps, { ...node('n2'), user: kubelet }),
    'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
  );
  t.match(
    await admit('NodeRestriction', deps, {
      ...node('n1', { 'x.k8s.io/y': '', 'kubernetes.io/os': '', 'a.node.kubernetes.io/b': '' }),
      user: kubelet,
    }),
    /not allowed to set the following labels: x\.k8s\.io\/y$/,
  );
});

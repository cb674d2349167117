import { leaf, list, map, object, type Shape, sound } from './shapes.ts';

export const metadata = sound(
  object({
    labels: map(['app', 'tier'], leaf('a', 'b', 'c')),
    annotations: map(['example.com/note', 'example.com/other'], leaf('1', '2', '')),
    finalizers: list(leaf('example.com/one', 'example.com/two'), [], 1),
    ownerReferences: list(
      object(
        {
          apiVersion: leaf('v1'),
          kind: leaf('ConfigMap'),
          name: leaf('owner'),
          uid: leaf('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'),
          controller: leaf(true, false),
          blockOwnerDeletion: leaf(true),
        },
        ['apiVersion', 'kind', 'name', 'uid'],
      ),
      ['uid'],
      1,
    ),
  }),
);

/** kube-apiserver tells an empty list from none for a moment, in generations and messages; here they are the same. */
export const some = (item: Shape): Shape => list(item, [], 2, 1);
export const number = leaf(1, 2, 3);
export const time = leaf('2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z');
export const condition = (types: readonly string[]): Shape =>
  list(
    object(
      {
        type: leaf(...types),
        status: leaf('True', 'False', 'Unknown'),
        reason: leaf('One', 'Two'),
        message: leaf('m', 'n'),
        lastTransitionTime: time,
      },
      ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    ),
    ['type'],
    2,
  );

export const env = list(
  object(
    {
      name: leaf('A', 'B', 'C'),
      value: leaf('1', '2', ''),
      valueFrom: object({ fieldRef: object({ fieldPath: leaf('metadata.name') }, ['fieldPath']) }),
    },
    ['name'],
  ),
  ['name'],
);
export const ports = list(
  object({ containerPort: leaf(80, 81), protocol: leaf('TCP', 'UDP'), name: leaf('p', 'q'), hostPort: leaf(0) }, [
    'containerPort',
  ]),
  ['containerPort', 'protocol'],
);
export const resources = object({
  limits: map(['cpu', 'memory'], leaf('1', '1000m', '2', 3, '1Gi')),
  requests: map(['cpu'], leaf('1', '500m', '0.5')),
});
export const container = object(
  {
    name: leaf('x', 'y', 'z'),
    image: leaf('i:1', 'i:2'),
    env,
    ports,
    resources,
    args: list(leaf('a', 'b')),
    volumeMounts: list(
      object({ name: leaf('v', 'w'), mountPath: leaf('/v', '/w') }, ['name', 'mountPath']),
      ['mountPath'],
      1,
    ),
    securityContext: object({
      runAsUser: leaf(0, 1000),
      capabilities: object({ add: list(leaf('NET_ADMIN', 'KILL'), [], 1), drop: list(leaf('ALL'), [], 1) }),
    }),
    livenessProbe: object(
      { httpGet: object({ path: leaf('/a'), port: leaf(80, 'p') }, ['port']), periodSeconds: number },
      ['httpGet'],
    ),
    imagePullPolicy: leaf('Always', 'IfNotPresent'),
  },
  ['name', 'image'],
);
export const podSpec = object(
  {
    containers: list(container, ['name'], 2),
    initContainers: list(container, ['name'], 1),
    volumes: list(
      object({ name: leaf('v', 'w'), emptyDir: object({ sizeLimit: leaf('1Gi', '1024Mi') }), hostPath: leaf() }, [
        'name',
        'emptyDir',
      ]),
      ['name'],
      2,
    ),
    nodeSelector: map(['a', 'b'], leaf('1', '2')),
    tolerations: list(
      object({ key: leaf('k', 'l'), operator: leaf('Exists'), effect: leaf('NoSchedule') }, ['key', 'operator']),
    ),
    imagePullSecrets: list(object({ name: leaf('s', 't') }, ['name']), ['name'], 2),
    hostAliases: list(object({ ip: leaf('1.2.3.4', '1.2.3.5'), hostnames: list(leaf('h', 'g')) }, ['ip']), ['ip'], 2),
    topologySpreadConstraints: list(
      object(
        {
          maxSkew: number,
          topologyKey: leaf('zone', 'host'),
          whenUnsatisfiable: leaf('DoNotSchedule', 'ScheduleAnyway'),
          labelSelector: object({ matchLabels: map(['app'], leaf('a')) }),
        },
        ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
      ),
      ['topologyKey', 'whenUnsatisfiable'],
      2,
    ),
    serviceAccountName: leaf('default', 'other'),
    terminationGracePeriodSeconds: leaf(0, 30),
    securityContext: object({
      runAsNonRoot: leaf(true, false),
      sysctls: list(leaf({ name: 'a.b', value: '1' }), [], 1),
    }),
  },
  ['containers'],
);
export const template = object(
  {
    metadata: object({ labels: leaf({ app: 'a' }, { app: 'a', b: 'c' }), annotations: map(['n'], leaf('1', '2')) }, [
      'labels',
    ]),
    spec: podSpec,
  },
  ['metadata', 'spec'],
);
export const selector = leaf({ matchLabels: { app: 'a' } });

import { leaf, list, map, object, type Shape, sound } from './shapes.ts';

export interface FuzzKind {
  readonly apiVersions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly hasStatus: boolean;
  readonly hasScale: boolean;
  readonly hasStrategicPatch: boolean;
  /** Everything but apiVersion, kind and the name. */
  readonly shape: Shape;
  readonly status?: Shape;
}

export const group = 'fuzz.example.com';

const metadata = sound(
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

const builtIn = (
  apiVersion: string,
  kind: string,
  plural: string,
  fields: Readonly<Record<string, Shape>>,
  more: Partial<FuzzKind> = {},
): FuzzKind => ({
  apiVersions: [apiVersion],
  kind,
  plural,
  hasStatus: more.status !== undefined,
  hasScale: false,
  hasStrategicPatch: true,
  shape: object({ metadata, ...fields }, Object.keys(fields)),
  ...more,
});

/** kube-apiserver tells an empty list from none for a moment, in generations and messages; here they are the same. */
const some = (item: Shape): Shape => list(item, [], 2, 1);
const number = leaf(1, 2, 3);
const time = leaf('2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z');
const condition = (types: readonly string[]): Shape =>
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

const env = list(
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
const ports = list(
  object({ containerPort: leaf(80, 81), protocol: leaf('TCP', 'UDP'), name: leaf('p', 'q'), hostPort: leaf(0) }, [
    'containerPort',
  ]),
  ['containerPort', 'protocol'],
);
const resources = object({
  limits: map(['cpu', 'memory'], leaf('1', '1000m', '2', 3, '1Gi')),
  requests: map(['cpu'], leaf('1', '500m', '0.5')),
});
const container = object(
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
const podSpec = object(
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
const template = object(
  {
    metadata: object({ labels: leaf({ app: 'a' }, { app: 'a', b: 'c' }), annotations: map(['n'], leaf('1', '2')) }, [
      'labels',
    ]),
    spec: podSpec,
  },
  ['metadata', 'spec'],
);
const selector = leaf({ matchLabels: { app: 'a' } });

export const builtInKinds: readonly FuzzKind[] = [
  builtIn('v1', 'ConfigMap', 'configmaps', {
    data: map(['a', 'b', 'c'], leaf('1', '2', '')),
    binaryData: map(['x', 'y'], leaf('YQ==', 'Yg==')),
    immutable: leaf(false, undefined),
  }),
  builtIn('v1', 'Secret', 'secrets', {
    data: map(['a', 'b'], leaf('YQ==', 'Yg==')),
    stringData: map(['b', 'c'], leaf('1', '2')),
    type: leaf('Opaque', 'Opaque', 'example.com/x'),
  }),
  builtIn('v1', 'ServiceAccount', 'serviceaccounts', {
    secrets: list(object({ name: leaf('a', 'b'), namespace: leaf('x') }, ['name']), ['name']),
    imagePullSecrets: list(object({ name: leaf('a', 'b', 'c') }, ['name']), ['name']),
    automountServiceAccountToken: leaf(true, false),
  }),
  builtIn(
    'v1',
    'Service',
    'services',
    {
      spec: object(
        {
          ports: list(
            object(
              {
                port: leaf(80, 81, 82),
                protocol: leaf('TCP', 'UDP'),
                name: leaf('a', 'b', 'c'),
                targetPort: leaf(8080, 'web'),
                appProtocol: leaf('http'),
              },
              ['port', 'name'],
            ),
            ['port', 'protocol'],
          ),
          selector: map(['app', 'tier'], leaf('a', 'b')),
          clusterIP: leaf('None'),
          externalIPs: list(leaf('1.2.3.4', '1.2.3.5')),
          sessionAffinity: leaf('None', 'ClientIP'),
          publishNotReadyAddresses: leaf(true, false),
        },
        ['ports', 'clusterIP'],
      ),
    },
    { status: object({ loadBalancer: object({}), conditions: condition(['A', 'B']) }) },
  ),
  builtIn(
    'apps/v1',
    'Deployment',
    'deployments',
    {
      spec: object(
        {
          replicas: number,
          selector,
          template,
          paused: leaf(true, false),
          minReadySeconds: leaf(0, 5),
          strategy: object(
            { type: leaf('Recreate', 'RollingUpdate'), rollingUpdate: object({ maxSurge: leaf(1, '25%') }) },
            ['type'],
          ),
        },
        ['selector', 'template'],
      ),
    },
    {
      hasScale: true,
      status: object(
        {
          replicas: number,
          readyReplicas: leaf(0, 1),
          observedGeneration: number,
          conditions: condition(['Available', 'Progressing']),
        },
        ['replicas'],
      ),
    },
  ),
  builtIn('batch/v1', 'CronJob', 'cronjobs', {
    spec: object(
      {
        schedule: leaf('* * * * *', '5 * * * *'),
        suspend: leaf(true, false),
        jobTemplate: object(
          {
            spec: object(
              {
                backoffLimit: number,
                template: leaf({ spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'i' }] } }),
              },
              ['template'],
            ),
          },
          ['spec'],
        ),
      },
      ['schedule', 'jobTemplate'],
    ),
  }),
  builtIn('networking.k8s.io/v1', 'Ingress', 'ingresses', {
    spec: object(
      {
        rules: some(
          object(
            {
              host: leaf('a.example.com', 'b.example.com'),
              http: object(
                {
                  paths: list(
                    object(
                      {
                        path: leaf('/', '/x'),
                        pathType: leaf('Prefix', 'Exact'),
                        backend: leaf({ service: { name: 's', port: { number: 80 } } }),
                      },
                      ['path', 'pathType', 'backend'],
                    ),
                  ),
                },
                ['paths'],
              ),
            },
            ['host'],
          ),
        ),
        tls: list(object({ hosts: list(leaf('a.example.com')), secretName: leaf('s', 't') })),
        ingressClassName: leaf('nginx', 'other'),
      },
      ['rules'],
    ),
  }),
  builtIn('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', {
    spec: object(
      {
        podSelector: object({
          matchLabels: leaf({ app: 'a' }, { app: 'b' }, { tier: 'c' }),
          matchExpressions: some(leaf({ key: 'k', operator: 'Exists' }, { key: 'l', operator: 'In', values: ['1'] })),
        }),
        policyTypes: some(leaf('Ingress', 'Egress')),
        ingress: some(object({ ports: some(object({ port: leaf(80, 'web'), protocol: leaf('TCP', 'UDP') })) })),
      },
      ['podSelector'],
    ),
  }),
  builtIn('rbac.authorization.k8s.io/v1', 'Role', 'roles', {
    rules: list(
      object(
        {
          apiGroups: list(leaf('', 'apps')),
          resources: list(leaf('pods', 'services')),
          verbs: list(leaf('get', 'list')),
        },
        ['apiGroups', 'resources', 'verbs'],
      ),
    ),
  }),
  builtIn('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    spec: object(
      {
        scaleTargetRef: object({ apiVersion: leaf('apps/v1'), kind: leaf('Deployment'), name: leaf('a', 'b') }, [
          'kind',
          'name',
        ]),
        minReplicas: leaf(1, 2),
        maxReplicas: leaf(3, 4),
        metrics: list(
          object(
            {
              type: leaf('Resource'),
              resource: object(
                {
                  name: leaf('cpu', 'memory'),
                  target: object({ type: leaf('Utilization'), averageUtilization: leaf(50, 80) }, [
                    'type',
                    'averageUtilization',
                  ]),
                },
                ['name', 'target'],
              ),
            },
            ['type', 'resource'],
          ),
          [],
          2,
        ),
        behavior: object({
          scaleDown: object({
            stabilizationWindowSeconds: leaf(0, 60),
            policies: some(
              leaf({ type: 'Pods', value: 1, periodSeconds: 60 }, { type: 'Percent', value: 10, periodSeconds: 30 }),
            ),
          }),
        }),
      },
      ['scaleTargetRef', 'maxReplicas'],
    ),
  }),
  builtIn(
    'v1',
    'ResourceQuota',
    'resourcequotas',
    {
      spec: object({
        hard: map(['pods', 'cpu', 'memory'], leaf('1000', '2000', 3000, '4k')),
        scopes: list(leaf('BestEffort'), [], 0),
      }),
    },
    { status: object({ hard: map(['pods'], leaf('1000')), used: map(['pods', 'cpu'], leaf('1', '1000m')) }) },
  ),
];

const part = object(
  {
    name: leaf('a', 'b', 'c'),
    kind: leaf('x', 'y'),
    value: leaf(1, 2),
    tags: list(leaf('t', 'u', 'v')),
    ports: list(object({ port: number, note: leaf('n', 'm') }, ['port']), ['port'], 2),
  },
  ['name'],
);

export const customKind: FuzzKind = {
  apiVersions: [`${group}/v1`, `${group}/v1`, `${group}/v2`],
  kind: 'Thing',
  plural: 'things',
  hasStatus: true,
  hasScale: true,
  hasStrategicPatch: false,
  shape: object(
    {
      metadata,
      spec: object({
        replicas: number,
        parts: list(part, ['name', 'kind']),
        set: list(leaf('a', 'b', 'c')),
        numbers: list(number),
        atomicList: list(object({ a: number, b: number })),
        plain: list(leaf('p', 'q')),
        granular: object({ x: number, y: number, deep: object({ z: number, w: leaf('1', '2') }) }),
        atomic: object({ x: number, y: number }),
        labels: map(['a', 'b', 'c'], leaf('1', '2')),
        atomicMap: map(['a', 'b'], leaf('1', '2')),
        open: object({ any: leaf(1, 'x', [1, 2], { a: 1 }, { a: { b: 2 } }, null), other: leaf(true) }),
        size: leaf(1, '1', '50%'),
        maybe: leaf(null, 'x', 'y'),
        defaulted: object({ a: leaf('set'), b: leaf(5) }),
        embedded: object(
          {
            apiVersion: leaf('v1'),
            kind: leaf('Foo'),
            metadata: object({ name: leaf('e', 'f'), labels: map(['l'], leaf('1')) }),
            spec: leaf({ a: 1 }, { b: 2 }),
          },
          ['apiVersion', 'kind'],
        ),
        mode: leaf('Fast', 'Slow', 'Slow', 'Odd'),
      }),
    },
    ['spec'],
  ),
  status: object(
    { replicas: number, selector: leaf('a=b'), phase: leaf('Up', 'Down'), conditions: condition(['Ready', 'Synced']) },
    ['replicas'],
  ),
};

/** All list and map types, defaults, open values and two versions that differ in nothing. */
export function customDefinition(): object {
  const integer = { type: 'integer' };
  const text = { type: 'string' };
  const texts = { type: 'array', items: text };
  const spec = {
    type: 'object',
    properties: {
      replicas: { type: 'integer', default: 1, maximum: 5 },
      parts: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name', 'kind'],
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: text,
            kind: { type: 'string', default: 'x' },
            value: integer,
            tags: { ...texts, 'x-kubernetes-list-type': 'set' },
            ports: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['port'],
              items: { type: 'object', required: ['port'], properties: { port: integer, note: text } },
            },
          },
        },
      },
      set: { ...texts, 'x-kubernetes-list-type': 'set' },
      numbers: { type: 'array', items: integer, 'x-kubernetes-list-type': 'set' },
      atomicList: {
        type: 'array',
        'x-kubernetes-list-type': 'atomic',
        items: { type: 'object', properties: { a: integer, b: integer } },
      },
      plain: texts,
      granular: {
        type: 'object',
        properties: {
          x: integer,
          y: { type: 'integer', default: 9 },
          deep: { type: 'object', 'x-kubernetes-map-type': 'granular', properties: { z: integer, w: text } },
        },
      },
      atomic: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { x: integer, y: integer } },
      labels: { type: 'object', additionalProperties: text },
      atomicMap: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: text },
      open: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { other: { type: 'boolean' } },
      },
      size: { 'x-kubernetes-int-or-string': true },
      maybe: { type: 'string', nullable: true },
      defaulted: {
        type: 'object',
        default: { a: 'given' },
        properties: { a: text, b: { type: 'integer', default: 4 } },
      },
      embedded: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
      mode: { type: 'string', enum: ['Fast', 'Slow'], default: 'Fast' },
    },
  };
  const status = {
    type: 'object',
    properties: {
      replicas: integer,
      selector: text,
      phase: text,
      conditions: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        items: {
          type: 'object',
          required: ['type', 'status'],
          properties: {
            type: text,
            status: text,
            reason: text,
            message: text,
            lastTransitionTime: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  };
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [version('v1', true), version('v2', false)],
    },
  };
}

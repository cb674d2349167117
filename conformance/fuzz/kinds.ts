import { condition, metadata, number, selector, some, template } from './parts.ts';
import { leaf, list, map, object, type Shape } from './shapes.ts';

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

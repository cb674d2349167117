import { metricsGroup as group, metricsVersion as version } from './group-version.ts';

interface DocumentedKind {
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const root = 'io.k8s.metrics.pkg.apis.metrics.v1beta1';

const text = { type: 'string', default: '' };
const usage = {
  type: 'object',
  description: 'What is used, by the name of the resource: cpu and memory.',
  additionalProperties: { type: 'string' },
};

function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function measured(kind: string, own: Readonly<Record<string, object>>): object {
  return {
    type: 'object',
    description: `${kind} tells what is used now.`,
    required: ['timestamp', 'window', ...Object.keys(own)],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', description: "Standard object's metadata." },
      timestamp: { type: 'string', format: 'date-time', description: 'The end of the time that was measured.' },
      window: { type: 'string', description: 'How long that time was.' },
      ...own,
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  };
}

function listed(kind: string): object {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', description: 'Standard list metadata.' },
      items: { type: 'array', items: ref(`${root}.${kind}`) },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: `${kind}List`, version }],
  };
}

function operation(action: string, kind: string, schema: string): object {
  return {
    get: {
      tags: ['metrics_v1beta1'],
      operationId: `${action}MetricsV1beta1${kind}`,
      responses: { 200: { description: 'OK', content: { 'application/json': { schema: ref(schema) } } } },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group, kind, version },
    },
  };
}

function pathsOf({ resource, kind, namespaced }: DocumentedKind): Record<string, object> {
  const base = `/apis/${group}/${version}`;
  const all = operation('list', kind, `${root}.${kind}List`);
  const one = operation('read', kind, `${root}.${kind}`);
  if (!namespaced) return { [`${base}/${resource}`]: all, [`${base}/${resource}/{name}`]: one };
  const inNamespace = `${base}/namespaces/{namespace}/${resource}`;
  return { [`${base}/${resource}`]: all, [inNamespace]: all, [`${inNamespace}/{name}`]: one };
}

/** OpenAPI of the group, made when someone asks. */
export function metricsDocument(kinds: readonly DocumentedKind[]): Uint8Array {
  const containers = { type: 'array', items: ref(`${root}.ContainerMetrics`) };
  const schemas = {
    [`${root}.ContainerMetrics`]: {
      type: 'object',
      required: ['name', 'usage'],
      properties: { name: text, usage },
    },
    [`${root}.NodeMetrics`]: measured('NodeMetrics', { usage }),
    [`${root}.NodeMetricsList`]: listed('NodeMetrics'),
    [`${root}.PodMetrics`]: measured('PodMetrics', { containers }),
    [`${root}.PodMetricsList`]: listed('PodMetrics'),
  };
  const paths = Object.assign({}, ...kinds.map(pathsOf));
  const info = { title: 'Kubernetes', version: 'unversioned' };
  return Buffer.from(JSON.stringify({ openapi: '3.0.0', info, paths, components: { schemas } }));
}

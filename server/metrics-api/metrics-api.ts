import type { Api, KubeObject } from '../../api/object.ts';
import { createFieldMatcher, parseFieldSelector, parseLabelSelector } from '../../api/selectors.ts';
import { methodNotSupported, notFoundError, StatusError } from '../../api/status.ts';
import type { UsageReader } from '../../api/streams/usage.ts';
import type { OutputForm } from '../http/accept.ts';
import { methodNotAllowed, unknownResource } from '../http/error-response.ts';
import { type ApiRequest, type ApiResponse, headerOf } from '../http/message.ts';
import { Query } from '../http/query.ts';
import { renderAny } from '../http/render.ts';
import { parsePath, type ResourceRequest } from '../http/request-info.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { metricsGroup, metricsVersion } from './group-version.ts';
import { type NodeMetrics, nodeMetrics, type PodMetrics, podMetrics, tableOf } from './usage-objects.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;
type Metrics = NodeMetrics | PodMetrics;

const apiVersion = `${metricsGroup}/${metricsVersion}`;

export interface MetricsApiOptions {
  readonly reader: ClusterReader;
  /** Undefined until nodes run. */
  usage(): UsageReader | undefined;
  negotiate(accept: string): OutputForm;
  now(): number;
}

interface Kind {
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  list(namespace: string): readonly Readonly<KubeObject>[];
  get(namespace: string, name: string): Readonly<KubeObject> | undefined;
  /** Undefined: not measured. */
  measure(object: Readonly<KubeObject>, reader: UsageReader, now: number): Metrics | undefined;
}

function kindsOf(reader: ClusterReader): readonly Kind[] {
  return [
    {
      resource: 'nodes',
      kind: 'NodeMetrics',
      namespaced: false,
      list: () => reader.list<Node>('nodes'),
      get: (_, name) => reader.get<Node>('nodes', '', name),
      measure: (node, usage, now) => {
        const measured = usage.ofNode(node.metadata?.name ?? '');
        return measured === undefined ? undefined : nodeMetrics(node, measured, now);
      },
    },
    {
      resource: 'pods',
      kind: 'PodMetrics',
      namespaced: true,
      list: (namespace) => reader.list<Pod>('pods', namespace === '' ? undefined : namespace),
      get: (namespace, name) => reader.get<Pod>('pods', namespace, name),
      measure: (object, usage, now) => {
        const { metadata, spec, status } = object as Readonly<Pod>;
        if (status?.phase !== 'Running') return undefined;
        const measured = usage.ofPod(spec?.nodeName ?? '', metadata?.namespace ?? '', metadata?.name ?? '');
        return measured === undefined ? undefined : podMetrics(object, measured, now);
      },
    },
  ];
}

function fieldsOf({ metadata }: Readonly<KubeObject>): (field: string) => string {
  return (field) => {
    if (field === 'metadata.name') return metadata?.name ?? '';
    return field === 'metadata.namespace' ? (metadata?.namespace ?? '') : '';
  };
}

/** How requests below the group-version are answered. Throws StatusError. */
export function answerMetrics({
  reader,
  usage,
  negotiate,
  now,
}: MetricsApiOptions): (request: ApiRequest) => ApiResponse {
  const kinds = kindsOf(reader);

  const measured = (kind: Kind, info: ResourceRequest, query: Query, from: UsageReader): Metrics | Metrics[] => {
    const at = now();
    if (info.name !== '') {
      const object = kind.get(info.namespace, info.name);
      const found = object === undefined ? undefined : kind.measure(object, from, at);
      const name = info.namespace === '' ? info.name : `${info.namespace}/${info.name}`;
      if (found === undefined) throw notFoundError({ group: metricsGroup, resource: kind.kind.toLowerCase() }, name);
      return found;
    }
    if (query.bool('watch') || info.isWatchPath)
      throw methodNotSupported({ group: metricsGroup, resource: kind.resource }, 'watch');
    const labels = parseLabelSelector(query.get('labelSelector'));
    const fields = createFieldMatcher(parseFieldSelector(query.get('fieldSelector')).requirements);
    return kind
      .list(info.namespace)
      .filter((object) => labels.matches(object.metadata?.labels) && fields.matches(fieldsOf(object)))
      .flatMap((object) => kind.measure(object, from, at) ?? []);
  };

  const bodyOf = (kind: Kind, answer: Metrics | Metrics[], form: OutputForm, query: Query): unknown => {
    const isList = Array.isArray(answer);
    const items = isList ? answer : [answer];
    if (form.as === 'table') return tableOf(items, form.metaVersion, query.get('includeObject') || 'Metadata');
    if (form.as !== 'object') {
      const meta = `meta.k8s.io/${form.metaVersion}`;
      const partials = items.map(({ metadata }) => ({ kind: 'PartialObjectMetadata', apiVersion: meta, metadata }));
      return isList
        ? { kind: 'PartialObjectMetadataList', apiVersion: meta, metadata: {}, items: partials }
        : partials[0];
    }
    return isList
      ? { kind: `${kind.kind}List`, apiVersion, metadata: {}, items }
      : { kind: kind.kind, apiVersion, ...answer };
  };

  return (request) => {
    const info = parsePath(request.path);
    const kind = info.isResource ? kinds.find(({ resource }) => resource === info.resource) : undefined;
    if (!info.isResource || kind === undefined || info.subresource !== '') throw unknownResource();
    if (!kind.namespaced && info.namespace !== '') throw unknownResource();
    if (kind.namespaced && info.namespace === '' && info.name !== '') throw unknownResource();
    if (request.method !== 'GET') throw methodNotAllowed();
    const from = usage();
    if (from === undefined)
      throw new StatusError('ServiceUnavailable', 'the server is currently unable to handle the request');
    const query = new Query(request.query);
    const form = negotiate(headerOf(request, 'accept'));
    const agent = headerOf(request, 'user-agent');
    const rendering = {
      form,
      pretty: query.has('pretty') ? query.bool('pretty') : /^(curl|Wget|Mozilla\/5\.0)/.test(agent),
      includeObject: 'Metadata' as const,
      now: now(),
    };
    return {
      status: 200,
      headers: { 'content-type': form.format === 'yaml' ? 'application/yaml' : 'application/json' },
      body: renderAny(bodyOf(kind, measured(kind, info, query, from), form, query), rendering),
    };
  };
}

import {
  type Content,
  type Document,
  methods,
  type Operation,
  type Parameter,
  type PathItem,
} from '../../api/openapi.ts';
import type { CustomResourceShape } from './openapi-crd.ts';

const allNamespaces = '/apis/apps/v1/statefulsets';
const collection = '/apis/apps/v1/namespaces/{namespace}/statefulsets';

function templatePaths({ namespaced, status, scale }: CustomResourceShape): string[] {
  return [
    ...(namespaced ? [allNamespaces] : []),
    collection,
    `${collection}/{name}`,
    ...(status ? [`${collection}/{name}/status`] : []),
    ...(scale ? [`${collection}/{name}/scale`] : []),
  ];
}

/** `stable.example.com` is `StableExampleCom` in operation ids, `stableExampleCom_v1` as a tag. */
function groupWords(group: string): string {
  return group
    .split(/[.-]/)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join('');
}

function rename(text: string, shape: CustomResourceShape, typeName: string): string {
  const words = groupWords(shape.group);
  const version = `${shape.version.slice(0, 1).toUpperCase()}${shape.version.slice(1)}`;
  const listName = typeName.replace(/[^.]+$/, shape.listKind);
  const renamed = text
    .replaceAll('io.k8s.api.apps.v1.StatefulSetList', listName)
    .replaceAll('io.k8s.api.apps.v1.StatefulSet', typeName)
    .replaceAll('AppsV1', `${words}${version}`)
    .replaceAll('apps_v1', `${words.slice(0, 1).toLowerCase()}${words.slice(1)}_${shape.version}`)
    .replaceAll('name of the Scale', `name of the ${shape.kind}`)
    .replaceAll('StatefulSet', shape.kind);
  if (shape.namespaced) return renamed;
  return renamed.replace(/("operationId":"\w*?)Namespaced/g, '$1');
}

const kept: ReadonlySet<string> = new Set([
  'application/json',
  'application/yaml',
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
]);

/** Custom resources are never protobuf, and know no strategic merge. */
function contentOf(content: Content | undefined): Content {
  const any = content?.['*/*'];
  if (any !== undefined) return { 'application/json': any, 'application/yaml': any };
  return Object.fromEntries(Object.entries(content ?? {}).filter(([type]) => kept.has(type)));
}

function bodyOf({ requestBody: body, ...operation }: Operation): Operation['requestBody'] {
  if (body === undefined || operation['x-kubernetes-action'] === 'deletecollection') return undefined;
  return { ...body, content: contentOf(body.content) };
}

function parametersOf(operation: Operation, list: readonly Parameter[]): readonly Parameter[] {
  const action = operation['x-kubernetes-action'];
  if (action === 'get') return list.filter(({ name }) => name === 'resourceVersion');
  // Upstream shows the options of a list here.
  return action === 'deletecollection' ? list : (operation.parameters ?? []);
}

function operationOf(template: Operation, shape: CustomResourceShape, list: readonly Parameter[]): Operation {
  const { requestBody: _, parameters: __, ...operation } = template;
  const parameters = parametersOf(template, list);
  const body = bodyOf(template);
  const responses = Object.entries(template.responses)
    .filter(([code]) => !(operation['x-kubernetes-action'] === 'patch' && code === '201'))
    .map(([code, { content, ...response }]) => {
      return [code, content === undefined ? response : { ...response, content: contentOf(content) }] as const;
    });
  const { group, version, kind } = shape;
  const description = operation.description?.replace('list or watch objects', 'list objects');
  return {
    ...operation,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters: [...parameters] }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: Object.fromEntries(responses),
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}

export function customResourcePaths(
  shape: CustomResourceShape,
  template: Document,
  typeName: string,
): Record<string, PathItem> {
  const list = template.paths[collection]?.get?.parameters ?? [];
  const result: Record<string, PathItem> = {};
  for (const path of templatePaths(shape)) {
    const source = template.paths[path];
    if (source === undefined) continue;
    const item = JSON.parse(rename(JSON.stringify(source), shape, typeName)) as PathItem;
    for (const method of methods) {
      const operation = item[method];
      if (operation !== undefined) item[method] = operationOf(operation, shape, path === allNamespaces ? [] : list);
    }
    if (!shape.namespaced) item.parameters = (item.parameters ?? []).filter(({ name }) => name !== 'namespace');
    result[pathOf(path, shape)] = item;
  }
  return result;
}

function pathOf(path: string, { group, version, plural, namespaced }: CustomResourceShape): string {
  const renamed = path.replace('/apis/apps/v1/', `/apis/${group}/${version}/`).replace('/statefulsets', `/${plural}`);
  return namespaced ? renamed : renamed.replace('/namespaces/{namespace}', '');
}

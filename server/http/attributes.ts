import { isPathSegmentName } from '../../api/names.ts';
import { parseFieldSelector, parseLabelSelector } from '../../api/selectors.ts';
import type { Attributes, ResourceAttributes } from '../auth/authorizer.ts';
import type { UserInfo } from '../registry/strategy.ts';
import type { ApiRequest } from './message.ts';
import { Query } from './query.ts';
import { parsePath, type RequestInfo, type ResourceRequest, requestVerbs } from './request-info.ts';

/** What a request wants to do, for authorizers. Upstream: NewRequestInfo and GetAuthorizerAttributes. */
export function attributesOf(
  request: Pick<ApiRequest, 'method' | 'path' | 'query'>,
  user: UserInfo,
  info: RequestInfo = parsePath(request.path),
): Attributes {
  if (!info.isResource)
    return { isResource: false, user, verb: request.method.toLowerCase(), path: decoded(request.path) };
  const { group, version, resource, subresource, name } = info;
  // A namespace is in itself.
  const namespace = resource === 'namespaces' ? name : info.namespace;
  const verb = info.isWatchPath ? 'watch' : (requestVerbs[request.method] ?? '');
  const asked: ResourceAttributes = {
    isResource: true,
    user,
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
  };
  return name === '' && (verb === 'get' || verb === 'delete')
    ? ofCollection(asked, request.query)
    : withSelectors(asked, info, request);
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function ofCollection(asked: ResourceAttributes, text: string): ResourceAttributes {
  if (text === '') return { ...asked, verb: asked.verb === 'get' ? 'list' : 'deletecollection' };
  const query = new Query(text);
  if (asked.verb === 'delete') return { ...asked, verb: 'deletecollection', ...selectorsOf(query) };
  const selectors = selectorsOf(query);
  // A list of one name is a question about that object.
  const exact = selectors.fieldSelector?.find(({ field, op }) => field === 'metadata.name' && op === '=')?.value ?? '';
  const name = exact !== '' && isPathSegmentName(exact).length === 0 ? exact : '';
  return { ...asked, verb: query.bool('watch') ? 'watch' : 'list', name, ...selectors };
}

function withSelectors(
  asked: ResourceAttributes,
  { isWatchPath }: ResourceRequest,
  { query }: Pick<ApiRequest, 'query'>,
): ResourceAttributes {
  return isWatchPath && query !== '' ? { ...asked, ...selectorsOf(new Query(query)) } : asked;
}

type Selectors = Pick<ResourceAttributes, 'fieldSelector' | 'labelSelector'>;

/** What cannot be read narrows nothing; the handler will refuse it. */
function selectorsOf(query: Query): Selectors {
  const fields = query.get('fieldSelector');
  const labels = query.get('labelSelector');
  return {
    ...(fields === '' ? {} : attempt(() => ({ fieldSelector: parseFieldSelector(fields).requirements }))),
    ...(labels === '' ? {} : attempt(() => ({ labelSelector: parseLabelSelector(labels).requirements }))),
  };
}

function attempt(parse: () => Selectors): Selectors {
  try {
    return parse();
  } catch {
    return {};
  }
}

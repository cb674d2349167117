import type { Api, KubeObject } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';

type ParamKind = Api<'io.k8s.api.admissionregistration.v1.ParamKind'>;
type ParamRef = Api<'io.k8s.api.admissionregistration.v1.ParamRef'>;

/** The objects of a kind that policies may take as parameters. */
export interface ParamSource {
  readonly namespaced: boolean;
  get(namespace: string, name: string): Readonly<KubeObject> | undefined;
  list(namespace: string): readonly Readonly<KubeObject>[];
}

/** A policy or a binding does not fit the request or the cluster. */
export class ConfigurationError extends Error {}

/** Finds the resource of a kind; undefined when nothing serves it. */
export type FindParams = (apiVersion: string, kind: string) => ParamSource | undefined;

export function paramSourceOf(find: FindParams, { apiVersion = '', kind = '' }: Readonly<ParamKind>): ParamSource {
  const source = find(apiVersion, kind);
  if (source !== undefined) return source;
  const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  throw new ConfigurationError(`failed to find resource referenced by paramKind: '${shown}, Kind=${kind}'`);
}

/** The parameters to evaluate a policy with, one after the other; [undefined] without any. Throws ConfigurationError. */
export function collectParams(
  source: ParamSource | undefined,
  reference: Readonly<ParamRef> | undefined,
  namespace: string,
): readonly (Readonly<KubeObject> | undefined)[] {
  if (source === undefined || reference === undefined) return [undefined];
  const { name = '', selector, parameterNotFoundAction } = reference;
  const found = find(source, reference, name, selector, namespace);
  if (found.length === 0 && parameterNotFoundAction === 'Deny')
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
  return found;
}

function find(
  source: ParamSource,
  reference: Readonly<ParamRef>,
  name: string,
  selector: ParamRef['selector'],
  namespace: string,
): readonly Readonly<KubeObject>[] {
  const within = namespaceOf(source, reference.namespace ?? '', namespace);
  if (name !== '') {
    const object = source.get(within, name);
    return object === undefined ? [] : [object];
  }
  if (selector === undefined) throw new ConfigurationError('one of name or selector must be provided');
  const matcher = labelSelectorMatcher(selector);
  return source.list(within).filter(({ metadata }) => matcher.matches(metadata?.labels));
}

function namespaceOf({ namespaced }: ParamSource, wanted: string, own: string): string {
  if (!namespaced) {
    if (wanted !== '')
      throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
    return '';
  }
  if (wanted === '' && own === '')
    throw new ConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  return wanted === '' ? own : wanted;
}

import { apiVersionOf, type KubeObject } from '../api/object.ts';
import type { ExpressionAuthorizer, PolicyDeps, PolicyLists } from '../server/admission/policy/deps.ts';
import type { ParamSource } from '../server/admission/policy/params.ts';
import type { ConditionMatcher } from '../server/admission/webhook/match.ts';
import { createObjectVersions } from '../server/http/object-versions.ts';
import { convertFromHub } from '../server/http/render.ts';
import { keptList } from '../server/registry/kept-list.ts';
import { keyOf, type ServedResource } from '../server/registry/resource.ts';
import type { ServerParts } from '../server/server.ts';

function paramsOf(served: ServedResource): ParamSource {
  const { stored, definition } = served;
  const { cache } = stored;
  const shown = (object: Readonly<KubeObject>): KubeObject => {
    const source = served.conversion === undefined ? object : structuredClone(object);
    return convertFromHub(served, source as KubeObject);
  };
  return {
    namespaced: definition.namespaced,
    get(namespace, name) {
      const entry = cache.entries.get(keyOf(stored, namespace, name));
      return entry && shown(cache.objectOf(entry));
    },
    list: (namespace) =>
      [...cache.entries.range(stored.namespaced ? `${stored.prefix}${namespace}/` : stored.prefix)].map((entry) =>
        shown(cache.objectOf(entry)),
      ),
  };
}

/** Admission policies and what their expressions may look at. */
export function openPolicies({ resources, api }: ServerParts, authorizer: ExpressionAuthorizer): PolicyDeps {
  const listsOf = <P extends KubeObject, B extends KubeObject>(singular: string): PolicyLists<P, B> => {
    const list = <T extends KubeObject>(plural: string) =>
      keptList<T>(() => resources.stored(`${plural}.admissionregistration.k8s.io`));
    return { policies: list<P>(`${singular}policies`), bindings: list<B>(`${singular}policybindings`) };
  };
  return {
    authorizer,
    validating: listsOf('validatingadmission'),
    mutating: listsOf('mutatingadmission'),
    versions: createObjectVersions(api),
    findParams(apiVersion, kind) {
      const served = resources.all.find(
        ({ definition }) => definition.kind === kind && apiVersionOf(definition) === apiVersion,
      );
      return served && paramsOf(served);
    },
    typeAt({ resource, kind }) {
      const served = resources.served(resource.group, resource.version, resource.resource);
      return served && api.fields.typeOf(served, kind);
    },
  };
}

/** Conditions of webhooks: what evaluates them is loaded with the first. */
export function openMatchConditions(authorizer: ExpressionAuthorizer): ConditionMatcher {
  let loading: Promise<ConditionMatcher> | undefined;
  const load = async (): Promise<ConditionMatcher> => {
    const { createMatchConditions } = await import('../server/admission/policy/match-conditions.ts');
    return createMatchConditions(authorizer);
  };
  return async (conditions, options, input) => {
    loading ??= load();
    return (await loading)(conditions, options, input);
  };
}

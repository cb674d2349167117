import type { ApiClient } from '../api/client.ts';
import { type Api, apiVersionOf, type GroupVersionKind, type KubeObject } from '../api/object.ts';
import type { DocumentIndex } from '../api/openapi.ts';
import type { JsonSchema } from '../api/structural/json-schema.ts';
import type { ExpressionAuthorizer, PolicyDeps, PolicyLists } from '../server/admission/policy/deps.ts';
import type { ParamSource } from '../server/admission/policy/params.ts';
import { createStatusKeeper } from '../server/admission/policy/status-keeper.ts';
import type { KindSchema } from '../server/admission/policy/type-check.ts';
import type { ConditionMatcher } from '../server/admission/webhook/match.ts';
import { createObjectVersions } from '../server/http/object-versions.ts';
import { convertFromHub } from '../server/http/render.ts';
import { keptList } from '../server/registry/kept-list.ts';
import { keyOf, type ServedResource } from '../server/registry/resource.ts';
import type { ValidatingAdmissionPolicy } from '../server/resources/admissionregistration/validating-policies.ts';
import type { ServerParts } from '../server/server.ts';
import { systemClock } from './system.ts';

type CustomResourceDefinition =
  Api<'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition'>;

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
    isCustom: ({ resource }) =>
      resources.served(resource.group, resource.version, resource.resource)?.custom !== undefined,
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

interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema & Published>> };
}

interface Published {
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
}

export interface TypeCheckingParts {
  readonly parts: ServerParts;
  readonly client: ApiClient;
  readonly index: DocumentIndex;
  readFile(file: string): Promise<Uint8Array>;
  onError(error: unknown): void;
}

const metaRef = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Says in the status of validating policies what is wrong with their types. Nothing is loaded before there is one. */
export function openTypeChecking({ parts, client, index, readFile, onError }: TypeCheckingParts): Disposable {
  const { resources, reader } = parts;
  const stored = resources.stored('validatingadmissionpolicies.admissionregistration.k8s.io');
  if (stored === undefined) return { [Symbol.dispose]: () => undefined };
  const document = async (name: string): Promise<OpenApiDocument | undefined> => {
    const file = index.documents[name]?.file;
    return file === undefined ? undefined : JSON.parse(Buffer.from(await readFile(file)).toString());
  };
  const resolverOf =
    ({ components }: OpenApiDocument) =>
    (ref: string) =>
      components.schemas[ref.slice(ref.lastIndexOf('/') + 1)];
  const customSchema = async ({ group, version, kind }: GroupVersionKind): Promise<KindSchema | undefined> => {
    const definitions = reader.list<CustomResourceDefinition>('customresourcedefinitions.apiextensions.k8s.io');
    const found = definitions.find(({ spec }) => spec?.group === group && spec.names?.kind === kind);
    const schema = found?.spec?.versions?.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
    const core = await document('api/v1');
    if (schema === undefined || core === undefined) return undefined;
    const whole = schema as JsonSchema;
    const text = { type: 'string' };
    const properties = { ...whole.properties, apiVersion: text, kind: text, metadata: { $ref: metaRef } };
    return { schema: { ...whole, properties }, resolve: resolverOf(core) };
  };
  const keeper = createStatusKeeper({
    clock: systemClock,
    client,
    onError,
    policies: keptList<ValidatingAdmissionPolicy>(() => stored),
    types: {
      kindOf(group, version, resource) {
        const served = resources.served(group, version, resource);
        return served && { group, version, kind: served.definition.kind };
      },
      async schemaOf(kind) {
        const name = kind.group === '' ? `api/${kind.version}` : `apis/${apiVersionOf(kind)}`;
        const found = await document(name);
        if (found === undefined) return customSchema(kind);
        const schema = Object.values(found.components.schemas).find((each) =>
          each['x-kubernetes-group-version-kind']?.some(
            (gvk) => gvk.group === kind.group && gvk.version === kind.version && gvk.kind === kind.kind,
          ),
        );
        return schema && { schema, resolve: resolverOf(found) };
      },
    },
  });
  const unlisten = stored.cache.listen({}, () => keeper.check());
  keeper.check();
  return {
    [Symbol.dispose]() {
      unlisten();
      keeper[Symbol.dispose]();
    },
  };
}

import type { KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { ClusterReader, ClusterWriter } from '../registry/strategy.ts';
import { createAdmissionChain } from './chain.ts';
import { type AdmissionDeps, createAdmissionPlugins } from './default-plugins.ts';
import type { AdmissionRequest } from './plugin.ts';

/** By resource, as a ClusterReader names it. */
export type Objects = Readonly<Record<string, readonly KubeObject[]>>;

export const nothing = { enable: [], disable: [] };

export function readerOf(objects: Objects): ClusterReader {
  const inNamespace = (object: KubeObject, namespace: string): boolean =>
    (object.metadata?.namespace ?? '') === namespace;
  return {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      objects[resource]?.find((object) => object.metadata?.name === name && inNamespace(object, namespace)) as
        | T
        | undefined,
    list: <T extends KubeObject>(resource: string, namespace?: string) =>
      (objects[resource] ?? []).filter((object) => namespace === undefined || inNamespace(object, namespace)) as T[],
  };
}

const unexpected = (): never => {
  throw new Error('unexpected');
};
export const noWriter: ClusterWriter = { create: unexpected, update: unexpected, delete: unexpected };

export function depsOf(objects: Objects, more: Partial<AdmissionDeps> = {}): AdmissionDeps {
  return {
    reader: readerOf({ namespaces: [{ metadata: { name: 'ns' } }], ...objects }),
    writer: noWriter,
    rewriter: { rewrite: unexpected },
    random: { next: () => 0, uuid: () => 'uuid' },
    clock: { now: () => 0, after: unexpected },
    authorizer: { authorize: () => ({ decision: 'allow', reason: '' }) },
    mappingOf: () => undefined,
    ...more,
  };
}

type Given = Partial<AdmissionRequest> & { readonly resource: string };

export function requestOf(given: Given): AdmissionRequest {
  return {
    operation: given.oldObject === undefined ? 'CREATE' : 'UPDATE',
    group: '',
    version: 'v1',
    subresource: '',
    kind: '',
    namespace: '',
    name: given.object?.metadata?.name ?? '',
    user: { username: 'somebody', groups: [] },
    dryRun: false,
    ...given,
  };
}

/** Both phases of one plug-in; the refusal's message, if any. */
export async function admit(name: string, deps: AdmissionDeps, request: AdmissionRequest): Promise<string | undefined> {
  const plugins = createAdmissionPlugins(deps, { enable: [name], disable: [] }).filter(
    (plugin) => plugin.name === name,
  );
  const chain = createAdmissionChain(plugins);
  try {
    await chain.mutate(request);
    await chain.validate(request);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

/** What one plug-in makes of an object. */
export async function admitted<T extends KubeObject>(
  name: string,
  deps: AdmissionDeps,
  given: Omit<Given, 'object'> & { readonly resource: string },
  object: T,
): Promise<T> {
  const problem = await admit(name, deps, requestOf({ ...given, object }));
  if (problem !== undefined) throw new Error(problem);
  return object;
}

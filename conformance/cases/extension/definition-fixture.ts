import type { CaseContext } from '../../runner/context.ts';

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface Defined {
  readonly group: string;
  readonly plural: string;
  /** Of the definition. */
  readonly path: string;
  /** The collection in a version. */
  collection(version: string): string;
}

export interface Definition {
  readonly kind: string;
  readonly versions: readonly object[];
  readonly conversion?: object;
}

/** Creates a definition in a group of the case's own and waits until all its versions are served. */
export async function define(c: CaseContext, { kind, versions, conversion }: Definition): Promise<Defined> {
  const group = `${c.rand}.example.com`;
  const plural = `${kind.toLowerCase()}s`;
  const namespace = await c.namespace();
  const path = `${definitions}/${plural}.${group}`;
  const spec = {
    group,
    scope: 'Namespaced',
    names: { plural, kind },
    versions,
    ...(conversion === undefined ? {} : { conversion }),
  };
  await c.post(definitions, { metadata: { name: `${plural}.${group}` }, spec }, { has: { 'spec.names.kind': kind } });
  const defined: Defined = {
    group,
    plural,
    path,
    collection: (version) => `/apis/${group}/${version}/namespaces/${namespace}/${plural}`,
  };
  for (const version of versions) {
    const { name } = version as { name: string };
    await c.eventually(`${name} is served`, async () => {
      const answer = await c.get(defined.collection(name), { status: [200, 404, 429], unstable: true });
      return answer.status === 200;
    });
  }
  return defined;
}

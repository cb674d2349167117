export const group = 'wardle.example.com';
/** The first is preferred. */
export const versions: readonly string[] = ['v1beta1', 'v1alpha1'];

export interface WardleResource {
  readonly kind: string;
  readonly isNamespaced: boolean;
}

export const resources: Readonly<Record<string, WardleResource>> = {
  flunders: { kind: 'Flunder', isNamespaced: true },
  fischers: { kind: 'Fischer', isNamespaced: false },
};

const versionRows = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
const [preferredVersion] = versionRows;

export const groupDocument = {
  kind: 'APIGroup',
  apiVersion: 'v1',
  name: group,
  versions: versionRows,
  preferredVersion,
};

export const groupList = {
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: [{ name: group, versions: versionRows, preferredVersion }],
};

export function resourceList(version: string): unknown {
  const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  // Fischers came with the first version and stayed there.
  const served = Object.entries(resources).filter(([, { isNamespaced }]) => isNamespaced || version === 'v1alpha1');
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: `${group}/${version}`,
    resources: served.map(([name, { kind, isNamespaced }]) => ({
      name,
      singularName: kind.toLowerCase(),
      namespaced: isNamespaced,
      kind,
      verbs,
    })),
  };
}

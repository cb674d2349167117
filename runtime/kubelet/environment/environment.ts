import type { Container, Pod } from '../pod-runtime.ts';

type EnvVar = NonNullable<Container['env']>[number];

/** A field of the pod by its path, as the downward API names it; undefined where there is no such field. */
export function fieldOf(pod: Readonly<Pod>, path: string): string | undefined {
  const [, list, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  const { metadata = {}, spec = {}, status = {} } = pod;
  if (list !== undefined) return metadata[list as 'labels' | 'annotations']?.[key] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid;
    case 'spec.nodeName':
      return spec.nodeName;
    case 'spec.serviceAccountName':
      return spec.serviceAccountName;
    case 'status.hostIP':
      return status.hostIP;
    case 'status.podIP':
      return status.podIP;
    default:
      return undefined;
  }
}

/** `$(NAME)` is what is known of NAME, `$$` a dollar sign; the rest stays. */
export function expanded(text: string, known: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(\$|\(([^)]*)\))/g, (whole, first: string, name: string | undefined) => {
    if (first === '$') return '$';
    return known.get(name ?? '') ?? whole;
  });
}

function textOf(
  pod: Readonly<Pod>,
  { value, valueFrom }: EnvVar,
  known: ReadonlyMap<string, string>,
): string | undefined {
  if (valueFrom === undefined) return expanded(value ?? '', known);
  const { fieldRef } = valueFrom;
  return fieldRef === undefined ? undefined : fieldOf(pod, fieldRef.fieldPath ?? '');
}

/** What a container's programs find in their environment. */
export function environmentOf(pod: Readonly<Pod>, container: Container): Map<string, string> {
  const environment = new Map([['HOSTNAME', pod.spec?.hostname ?? pod.metadata?.name ?? '']]);
  for (const variable of container.env ?? []) {
    const value = textOf(pod, variable, environment);
    if (value !== undefined) environment.set(variable.name ?? '', value);
  }
  return environment;
}

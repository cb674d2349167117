import { isQualifiedName } from '../../../api/names.ts';
import type { Pod } from '../pod-runtime.ts';

/** What a pod's fields say where it runs. */
export interface PlacedPod {
  readonly pod: Readonly<Pod>;
  /** Empty before the pod has its network. */
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
}

/** As Go quotes a string: printable characters stay. */
export function quoted(text: string): string {
  let inner = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const short = escapes.get(character);
    if (short !== undefined) inner += short;
    else if (code < 0x20 || code === 0x7f) inner += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) inner += character;
    else if (code > 0xffff) inner += `\\U${code.toString(16).padStart(8, '0')}`;
    else inner += `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return `"${inner}"`;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

/** Labels or annotations as the downward API writes them: `key="value"` by lines, sorted. */
export function mapText(map: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(map ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${quoted(value)}`).join('\n');
}

/** A field that both volumes and environments may name. Throws what is wrong with the path. */
export function metadataField({ metadata = {} }: Readonly<Pod>, path: string): string {
  const [, base, subscript = ''] = /^(.+?)\['(.*)'\]$/s.exec(path) ?? [];
  if (base !== undefined) {
    if (base !== 'metadata.labels' && base !== 'metadata.annotations')
      throw new Error(`fieldPath "${path}" does not support subscript`);
    const isLabel = base === 'metadata.labels';
    const wrong = isQualifiedName(isLabel ? subscript : subscript.toLowerCase());
    if (wrong.length > 0) throw new Error(`invalid key subscript in ${path}: ${wrong.join(';')}`);
    return (isLabel ? metadata.labels : metadata.annotations)?.[subscript] ?? '';
  }
  switch (path) {
    case 'metadata.annotations':
      return mapText(metadata.annotations);
    case 'metadata.labels':
      return mapText(metadata.labels);
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** A field that an environment may name. */
export function podField({ pod, podIPs, hostIPs }: PlacedPod, path: string): string {
  switch (path) {
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'spec.host':
      return pod.spec?.nodeName ?? '';
    case 'status.hostIP':
      return hostIPs[0] ?? '';
    case 'status.hostIPs':
      return hostIPs.join(',');
    case 'status.podIP':
      return podIPs[0] ?? '';
    case 'status.podIPs':
      return podIPs.join(',');
    default:
      return metadataField(pod, path);
  }
}

/** An image's name in full, as containerd keeps it. */
export interface ImageReference {
  readonly registry: string;
  readonly path: string;
  readonly tag: string;
  readonly digest: string;
  /** All of it: `docker.io/library/busybox:latest`. */
  readonly name: string;
}

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const isRegistry = (part: string): boolean => /[.:]/.test(part) || part === 'localhost' || /[A-Z]/.test(part);

/** Or what is wrong with it, in the words of the reference's parser. */
export function parseReference(text: string): ImageReference | string {
  const wrong = 'invalid reference format';
  const [before = '', digest = ''] = text.split('@');
  if (text.includes('@') && !/^sha256:[0-9a-f]{64}$/.test(digest))
    return /^sha256:[0-9a-f]*$/.test(digest) ? 'invalid checksum digest length' : wrong;
  const [, named = '', tag = ''] = /^(.*?)(?::([^:/]*))?$/.exec(before) ?? [];
  if (before.endsWith(':') || (tag !== '' && !/^\w[\w.-]{0,127}$/.test(tag))) return wrong;
  const parts = named.split('/');
  const [first = ''] = parts;
  const hasRegistry = parts.length > 1 && isRegistry(first);
  const registry = hasRegistry ? first : 'docker.io';
  const rest = hasRegistry ? parts.slice(1) : parts;
  const path = registry === 'docker.io' && rest.length === 1 ? `library/${rest[0]}` : rest.join('/');
  if (/[A-Z]/.test(path)) return `${wrong}: repository name (${path}) must be lowercase`;
  if (!rest.every((part) => component.test(part))) return wrong;
  const shownTag = tag === '' && digest === '' ? 'latest' : tag;
  const name = `${registry}/${path}${shownTag === '' ? '' : `:${shownTag}`}${digest === '' ? '' : `@${digest}`}`;
  return { registry, path, tag: shownTag, digest, name };
}

import type { ImageReference } from './reference.ts';

/** Tags and names by which people say that there is no such image. */
const missing =
  /(^|[^a-z0-9])(404|no-?such|non-?existent|non-?existing|does-?not-?exist|doesnt-?exist|not-?found)([^a-z0-9]|$)/;

/** Why an image cannot be pulled, as containerd says it; undefined: it can. */
export function unavailability(reference: ImageReference): string | undefined {
  const { registry, path, tag } = reference;
  const [host = ''] = registry.split(':');
  // Names that no resolver knows: RFC 2606, and the custom of calling a registry so.
  if (host.split('.').includes('invalid')) return unknownHost(reference, host);
  return missing.test(`${path}:${tag}`) ? notFound(reference) : undefined;
}

export function notFound({ name }: ImageReference): string {
  return `rpc error: code = NotFound desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`;
}

function unknownHost({ name, registry, path, tag, digest }: ImageReference, host: string): string {
  const url = `https://${registry}/v2/${path}/manifests/${digest === '' ? tag : digest}`;
  return `failed to pull and unpack image "${name}": failed to resolve reference "${name}": failed to do request: Head "${url}": dial tcp: lookup ${host}: no such host`;
}

import type { RegistryCredential } from '../../kubelet/pod-runtime.ts';
import { globOf } from './glob.ts';
import type { ImageReference } from './reference.ts';

const hub = 'docker.io';
const hubNames: ReadonlySet<string> = new Set([hub, 'index.docker.io', 'registry-1.docker.io']);

/** As a client of registries reads it: without scheme and version; a path stands for all below it. */
function isFor({ registry }: RegistryCredential, image: ImageReference): boolean {
  const [host = '', ...rest] = registry.replace(/^https?:\/\//, '').split('/');
  const path = rest.filter((part, index) => !(index === 0 && /^v[12]$/.test(part))).join('/');
  const isHost = hubNames.has(host) ? image.registry === hub : partsMatch(host, image.registry);
  return isHost && image.path.startsWith(path);
}

function partsMatch(pattern: string, host: string): boolean {
  const globs = pattern.split('.');
  const parts = host.split('.');
  return globs.length === parts.length && globs.every((glob, index) => globOf(glob).test(parts[index] ?? ''));
}

/** The first that lets an image be pulled, by users and their passwords. */
export function opening(
  image: ImageReference,
  users: Readonly<Record<string, string>>,
  credentials: readonly RegistryCredential[],
): RegistryCredential | undefined {
  return credentials.find((one) => isFor(one, image) && users[one.user] === one.password);
}

export function accessDenied({ name }: ImageReference): string {
  return `rpc error: code = Unknown desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`;
}

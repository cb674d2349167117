import type { ApiClient } from '../../api/client.ts';
import type { Api } from '../../api/object.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import type { Pod, RegistryCredential } from './pod-runtime.ts';

type Secret = Api<'io.k8s.api.core.v1.Secret'>;

const secrets = { group: '', version: 'v1', resource: 'secrets' } as const;
const configKey = '.dockerconfigjson';
const oldConfigKey = '.dockercfg';

/** What the secrets say that a pod names for its images. Those that are not there are told by an event. */
export async function pullCredentials(
  { spec, metadata }: Readonly<Pod>,
  client: Pick<ApiClient, 'get'>,
  event: (type: 'Warning', reason: string, message: string) => void,
): Promise<readonly RegistryCredential[]> {
  const found: RegistryCredential[] = [];
  const missing: string[] = [];
  for (const { name = '' } of spec?.imagePullSecrets ?? []) {
    if (name === '') continue;
    const reading = unlessMissing(client.get<Secret>(secrets, metadata?.namespace ?? '', name));
    const secret = await reading.catch(() => undefined);
    if (secret === undefined) missing.push(name);
    else found.push(...credentialsOf(secret));
  }
  if (missing.length > 0) {
    const words = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
    event('Warning', 'FailedToRetrieveImagePullSecret', words);
  }
  return found;
}

interface Login {
  readonly username?: string;
  readonly password?: string;
  /** Both, in base64. */
  readonly auth?: string;
}

function credentialsOf({ type, data = {} }: Readonly<Secret>): RegistryCredential[] {
  const isOld = type === 'kubernetes.io/dockercfg';
  const config = parsed(data[isOld ? oldConfigKey : configKey]);
  const logins = isOld ? config : (config as { readonly auths?: unknown }).auths;
  return Object.entries((logins ?? {}) as Readonly<Record<string, Login>>).map(([registry, login]) => {
    const [, user = '', password = ''] = /^([^:]*):(.*)$/s.exec(plain(login.auth ?? '')) ?? [];
    return { registry, user: user || (login.username ?? ''), password: password || (login.password ?? '') };
  });
}

/** What cannot be read says nothing. */
function parsed(data: string | undefined): object {
  try {
    const value: unknown = JSON.parse(plain(data ?? ''));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function plain(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

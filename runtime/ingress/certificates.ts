import { createSecureContext, type SecureContext } from 'node:tls';
import type { ApiClient } from '../../api/client.ts';
import type { Api } from '../../api/object.ts';
import { unlessMissing } from '../framework/status-cause.ts';

type Secret = Api<'io.k8s.api.core.v1.Secret'>;

const secrets = { group: '', version: 'v1', resource: 'secrets' } as const;

/** PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

interface Known {
  readonly resourceVersion: string;
  readonly context: SecureContext;
}

/** Certificates from Secrets, read for each handshake: a changed one holds from the next on. */
export function createCertificates(client: ApiClient): (key: string) => Promise<SecureContext | undefined> {
  const known = new Map<string, Known>();
  return async (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const secret = await unlessMissing(client.get<Secret>(secrets, namespace, name));
    const { 'tls.crt': cert, 'tls.key': privateKey } = secret?.data ?? {};
    if (cert === undefined || privateKey === undefined) {
      known.delete(key);
      return undefined;
    }
    const { resourceVersion = '' } = secret?.metadata ?? {};
    const before = known.get(key);
    if (before?.resourceVersion === resourceVersion) return before.context;
    const context = createSecureContext({ cert: Buffer.from(cert, 'base64'), key: Buffer.from(privateKey, 'base64') });
    known.set(key, { resourceVersion, context });
    return context;
  };
}

export function contextOf({ certificate, key }: CertificatePair): SecureContext {
  return createSecureContext({ cert: certificate, key });
}

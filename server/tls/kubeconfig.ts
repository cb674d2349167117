import { stringify } from 'yaml';
import { writeFileAtomically } from './atomic-file.ts';
import type { Credential } from './pki.ts';

export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443`. */
  readonly server: string;
  /** PEM; what the server's certificate is verified against. */
  readonly certificateAuthority: string;
  readonly client: Credential;
  /** Names the cluster, and the context. */
  readonly name?: string;
}

/** A kubeconfig with everything embedded, so that it can be moved. */
export function kubeconfig({ server, certificateAuthority, client, name = 'kubefacade' }: KubeconfigOptions): string {
  const user = `${name}-admin`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(certificateAuthority) } }],
      users: [
        {
          name: user,
          user: { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) },
        },
      ],
      contexts: [{ name, context: { cluster: name, user } }],
      'current-context': name,
      preferences: {},
    },
    { lineWidth: 0 },
  );
}

/** Replaces the file as a whole; only its owner may read it. */
export function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  return writeFileAtomically(path, kubeconfig(options));
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

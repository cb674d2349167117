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
  // Plain enough to be written without the YAML library, which a start would otherwise load; JSON's strings are YAML's.
  const [shown, user, url] = [name, `${name}-admin`, server].map((text) => JSON.stringify(text));
  return `apiVersion: v1
kind: Config
clusters:
  - name: ${shown}
    cluster:
      server: ${url}
      certificate-authority-data: ${base64(certificateAuthority)}
users:
  - name: ${user}
    user:
      client-certificate-data: ${base64(client.certificate)}
      client-key-data: ${base64(client.key)}
contexts:
  - name: ${shown}
    context:
      cluster: ${shown}
      user: ${user}
current-context: ${shown}
preferences: {}
`;
}

/** Replaces the file as a whole; only its owner may read it. */
export function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  return writeFileAtomically(path, kubeconfig(options));
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

import { KubeConfig } from '@kubernetes/client-node';
import type { HttpAccess } from './http-connection.ts';

/** How the current context of a kubeconfig reaches its cluster; certificates, tokens, token files and credential plug-ins included. */
export async function accessOf(file: string, userAgent: string): Promise<HttpAccess> {
  const config = new KubeConfig();
  config.loadFromFile(file);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${file}: no cluster in the current context`);
  const options = { headers: {} as Record<string, string> };
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized, servername } = options as HttpAccess['tls'];
  return {
    server: cluster.server,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      rejectUnauthorized: rejectUnauthorized ?? cluster.skipTLSVerify !== true,
    },
    headers: async () => {
      const fresh = { headers: {} as Record<string, string> };
      await config.applyToHTTPSOptions(fresh);
      return { ...fresh.headers, 'user-agent': userAgent };
    },
  };
}

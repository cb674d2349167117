import type { ProgramContext } from '../process.ts';
import { fetchHttp, type HttpRequest, type HttpResult } from './http-client.ts';

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A client as pods have it: with the token and the authority that are mounted, at the address in the environment. */
export interface InClusterClient {
  readonly url: string;
  token(): string;
  fetch(path: string, options?: Pick<HttpRequest, 'method' | 'headers' | 'body'>): Promise<HttpResult>;
}

/** Or what is missing, in client-go's words. */
export function inClusterClient(context: ProgramContext): InClusterClient | string {
  const { environment, files } = context;
  const [host = '', port = ''] = [
    environment.get('KUBERNETES_SERVICE_HOST'),
    environment.get('KUBERNETES_SERVICE_PORT'),
  ];
  if (host === '' || port === '')
    return 'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined';
  const token = (): string => files.read(`${folder}/token`)?.trim() ?? '';
  if (files.read(`${folder}/token`) === undefined) return `open ${folder}/token: no such file or directory`;
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    url,
    token,
    fetch: (path, options = {}) => {
      const ca = files.read(`${folder}/ca.crt`);
      const headers = { authorization: `Bearer ${token()}`, accept: 'application/json', ...options.headers };
      const target = path.startsWith('https:') ? path : url + path;
      return fetchHttp(context, target, { ...options, headers, tls: ca === undefined ? {} : { ca } });
    },
  };
}

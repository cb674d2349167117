/** Where a webhook is, as configurations say it: admission's and conversion's alike. */
export interface WebhookTarget {
  readonly url?: string;
  readonly service?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** Base64 of PEM certificates; without it the system's authorities are trusted. */
  readonly caBundle?: string;
}

/** A target made ready for requests. */
export interface WebhookAddress {
  /** `https://HOST[:PORT]/PATH`, as errors show it, without a query. */
  readonly url: string;
  /** `HOST[:PORT]`, for the Host header. */
  readonly authority: string;
  readonly path: string;
  /** Whom the certificate must speak for. */
  readonly serverName: string;
  readonly endpoint: { readonly host: string; readonly port: number } | ServiceAddress;
}

export interface ServiceAddress {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Throws in upstream's words. */
export function addressOf({ url, service }: WebhookTarget): WebhookAddress {
  if (service !== undefined) {
    const { namespace = '', name = '', port = 443, path = '' } = service;
    const serverName = `${name}.${namespace}.svc`;
    return locate(`${serverName}:${port}`, path, serverName, { namespace, name, port });
  }
  if (url === undefined || url === '') throw new Error('webhook configuration must have either service or URL');
  const [, authority = '', path = ''] = /^https?:\/\/([^/]*)(.*)$/i.exec(url) ?? [];
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority) ?? [];
  const host = bracketed ?? plain ?? '';
  return locate(authority, path, host, { host, port: port === undefined || port === '' ? 443 : Number(port) });
}

function locate(
  authority: string,
  path: string,
  serverName: string,
  endpoint: WebhookAddress['endpoint'],
): WebhookAddress {
  const full = path === '' ? '/' : path;
  return { url: `https://${authority}${full}`, authority, path: full, serverName, endpoint };
}

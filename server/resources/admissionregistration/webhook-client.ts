import { type FieldErrors, type FieldPath, invalid, required } from '../../../api/field-error.ts';
import { isDNS1123Subdomain, isValidPortNum } from '../../../api/names.ts';
import { parseUrl } from './url.ts';

/** How a webhook is called: admission's and conversion's alike. */
export interface WebhookClientConfig {
  caBundle?: string;
  url?: string;
  service?: { name?: string; namespace?: string; path?: string; port?: number };
}

const form = '; desired format: https://host[/path]';

function validateUrl(text: string, path: FieldPath): FieldErrors {
  const url = parseUrl(text);
  if ('error' in url) return [required(path, `url must be a valid URL: ${url.error}${form}`)];
  const errors: FieldErrors = [];
  if (url.scheme !== 'https') errors.push(invalid(path, url.scheme, `'https' is the only allowed URL scheme${form}`));
  if (url.host === '') errors.push(invalid(path, url.host, `host must be specified${form}`));
  if (url.user !== undefined) errors.push(invalid(path, url.user, 'user information is not permitted in the URL'));
  if (url.fragment !== '') errors.push(invalid(path, url.fragment, 'fragments are not permitted in the URL'));
  if (url.query !== '') errors.push(invalid(path, url.query, 'query parameters are not permitted in the URL'));
  return errors;
}

function validateServicePath(text: string, path: FieldPath): FieldErrors {
  if (text === '' || text === '/') return [];
  if (text === '//') return [invalid(path, text, 'segment[0] may not be empty')];
  const errors: FieldErrors = [];
  if (!text.startsWith('/')) errors.push(invalid(path, text, "must start with a '/'"));
  const segments = text.slice(1).replace(/\/$/, '').split('/');
  segments.forEach((segment, i) => {
    if (segment === '') errors.push(invalid(path, text, `segment[${i}] may not be empty`));
    else
      for (const message of isDNS1123Subdomain(segment)) errors.push(invalid(path, text, `segment[${i}]: ${message}`));
  });
  return errors;
}

function validateService(service: NonNullable<WebhookClientConfig['service']>, path: FieldPath): FieldErrors {
  const { name = '', namespace = '', path: urlPath = '', port = 0 } = service;
  const errors: FieldErrors = [];
  // Upstream takes the one for the other: a missing namespace is reported as a missing name.
  if (namespace === '') errors.push(required(path.child('name')));
  if (name === '') errors.push(required(path.child('namespace')));
  const messages = isValidPortNum(port);
  if (messages.length > 0) errors.push(invalid(path.child('port'), port, `port is not valid: ${messages.join(', ')}`));
  return [...errors, ...validateServicePath(urlPath, path.child('path'))];
}

export function defaultWebhookClient(client: WebhookClientConfig | undefined): void {
  if (client?.service !== undefined) client.service.port ??= 443;
}

export function validateWebhookClient(client: Readonly<WebhookClientConfig> | undefined, path: FieldPath): FieldErrors {
  const { url, service } = client ?? {};
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')];
  return url === undefined
    ? validateService(service ?? {}, path.child('service'))
    : validateUrl(url, path.child('url'));
}

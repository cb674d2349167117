import { noSuchOverload } from '../runtime/arithmetic.ts';
import { CelMap } from '../runtime/collections.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { CelError, type Result, Special, TypeValue, type Value } from '../runtime/values.ts';
import { formatURL, type GoURL, parseQuery, parseURL, requestURIError } from './go-url.ts';

const urlType = new TypeValue('kubernetes.URL');

export class URLValue extends Special {
  readonly url: GoURL;
  constructor(url: GoURL) {
    super();
    this.url = url;
  }
  get type(): TypeValue {
    return urlType;
  }
  override equals(other: Value): Result {
    return other instanceof URLValue ? formatURL(other.url) === formatURL(this.url) : noSuchOverload;
  }
  override toString(): string {
    return formatURL(this.url);
  }
  override get costsOneToCompare(): boolean {
    return true;
  }
}

function toURL(text: Value): Result {
  if (typeof text !== 'string') return noSuchOverload;
  const error = requestURIError(text);
  const url = error ?? parseURL(text);
  if (typeof url === 'string') return new CelError(`URL parse error during conversion from string: ${url}`);
  return new URLValue(url);
}

const reading = (read: (url: GoURL) => Result): Implementation => {
  return (value) => (value instanceof URLValue ? read(value.url) : noSuchOverload);
};

/** Name and port of a host, without the brackets of an IPv6 address. */
function splitHost(host: string): { name: string; port: string } {
  const [, before = host, port = ''] = /^(.*):([0-9]*)$/s.exec(host) ?? [];
  const name = before.startsWith('[') && before.endsWith(']') ? before.slice(1, -1) : before;
  return { name, port };
}

export const urlsImplementations: Implementations = {
  string_to_url: toURL,
  is_url_string: (text) => (typeof text === 'string' ? requestURIError(text) === undefined : noSuchOverload),
  url_get_scheme: reading(({ scheme }) => scheme),
  url_get_host: reading(({ host }) => host),
  url_get_hostname: reading(({ host }) => splitHost(host).name),
  url_get_port: reading(({ host }) => splitHost(host).port),
  url_get_escaped_path: reading(({ escapedPath }) => escapedPath),
  url_get_query: reading(({ query }) => new CelMap(parseQuery(query))),
};

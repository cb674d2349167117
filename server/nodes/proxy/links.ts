/** The page that links stand on, as the backend knows it and as the client does. */
export interface PageLocation {
  /** The backend's `host:port`. */
  readonly backendHost: string;
  /** The Host header of the client. */
  readonly clientHost: string;
  /** What stands before each path on the client's side. */
  readonly prefix: string;
}

/** A link of the backend as one that leads through the proxy. Upstream: Transport.rewriteURL. */
export function rewrittenLink(link: string, { backendHost, clientHost, prefix }: PageLocation): string {
  const [, authority, path = '', rest = ''] =
    /^(?:(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/([^/?#]*))?([^?#:]*)(.*)$/.exec(link) ?? [];
  const host = authority ?? '';
  if ((host !== '' && host !== backendHost && host !== clientHost) || !path.startsWith('/')) return link;
  if (path.startsWith(prefix)) return path + rest;
  const joined = `${prefix}/${path}`.replace(/\/{2,}/g, '/');
  return joined + rest;
}

const linkAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

const startTag = /<([a-zA-Z][a-zA-Z0-9]*)((?:\s+[^\s=>/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)+)\s*(\/?)>/g;
const attribute = /(\s+)([^\s=>/]+)(\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;

/** A page of HTML with its links rewritten. */
export function rewrittenHtml(page: string, location: PageLocation): string {
  return page.replace(startTag, (tag: string, name: string, attributes: string, slash: string) => {
    const links = linkAttributes[name.toLowerCase()];
    if (links === undefined) return tag;
    const rewritten = attributes.replace(
      attribute,
      (all: string, space: string, key: string, equals: string, ...values) => {
        if (!links.includes(key.toLowerCase())) return all;
        const [double, single, bare] = values as (string | undefined)[];
        return `${space}${key}${equals.trim()}"${rewrittenLink(double ?? single ?? bare ?? '', location)}"`;
      },
    );
    return `<${name}${rewritten}${slash}>`;
  });
}

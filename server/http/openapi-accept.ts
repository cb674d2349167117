export type Accepted = 'json' | 'protobuf';

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

function parseClause(text: string): Clause {
  const [media = '', ...parameters] = text.split(';').map((part) => part.trim());
  const [type = '', subtype = ''] = media.split('/');
  const quality = parameters.find((p) => p.startsWith('q='))?.slice(2);
  return { type, subtype, quality: quality === undefined ? 1 : Number(quality) };
}

function formOf({ type, subtype }: Clause, version: string): Accepted | undefined {
  if (type !== 'application' && type !== '*') return undefined;
  if (subtype === 'json' || subtype === '*') return 'json';
  const name = `com.github.proto-openapi.spec.${version}`;
  // The second name is the one that is valid as a media type; older clients ask for the first.
  return subtype === `${name}@v1.0+protobuf` || subtype === `${name}.v1.0+protobuf` ? 'protobuf' : undefined;
}

/** Which form of an OpenAPI document an Accept header asks for. */
export function acceptedSpec(accept: string, version: 'v2' | 'v3'): Accepted | undefined {
  const clauses = (accept === '' ? '*/*' : accept).split(',').map(parseClause);
  clauses.sort((a, b) => b.quality - a.quality);
  for (const clause of clauses) {
    const form = formOf(clause, version);
    // Documents of version 3 exist as JSON only: a client that takes both gets that.
    if (form === 'json' || (form === 'protobuf' && version === 'v2')) return form;
  }
  return undefined;
}

/** Whether one of the entity tags that the client has is the current one. */
export function isNotModified(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === '') return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

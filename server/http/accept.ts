import { StatusError } from '../../api/status.ts';

/** How the answer is written. */
export interface OutputForm {
  readonly format: 'json' | 'yaml';
  readonly as: 'object' | 'table' | 'partial' | 'partialList';
  /** v1 or v1beta1 of meta.k8s.io, for transformed answers. */
  readonly metaVersion: string;
}

const plainJson: OutputForm = { format: 'json', as: 'object', metaVersion: 'v1' };
const accepted = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function parseClause(text: string): Clause {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map(
    rest.map((part) => {
      const [key = '', value = ''] = part.split('=', 2);
      return [key.trim(), value.trim().replace(/^"|"$/g, '')] as const;
    }),
  );
  const quality = Number(parameters.get('q') ?? '1');
  return { type, parameters, quality: Number.isFinite(quality) ? quality : 0 };
}

const transformations: Readonly<Record<string, OutputForm['as']>> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partialList',
};

function formOf(clause: Clause): OutputForm | undefined {
  const { type, parameters } = clause;
  const format = type === 'application/yaml' ? 'yaml' : 'json';
  if (!['*/*', 'application/*', 'application/json', 'application/yaml'].includes(type)) return undefined;
  const as = parameters.get('as');
  if (as === undefined) return { ...plainJson, format };
  const kind = transformations[as];
  const version = parameters.get('v') ?? '';
  const known =
    kind !== undefined && parameters.get('g') === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');
  return known ? { format, as: kind, metaVersion: version } : undefined;
}

function negotiate(header: string): OutputForm | undefined {
  const clauses = header
    .split(',')
    .map(parseClause)
    .filter((clause) => clause.type !== '');
  clauses.sort((a, b) => b.quality - a.quality);
  for (const clause of clauses) {
    const form = formOf(clause);
    if (form !== undefined) return form;
  }
  return undefined;
}

export function notAcceptable(): StatusError {
  return new StatusError('NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
}

const watchable = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

/** Routes refuse what is not written as one of their media types, before anything else is negotiated. */
export function checkRouteAccepts(header: string, isCollection: boolean): void {
  if (header === '') return;
  for (const range of header.split(',')) {
    const type = (range.split(';', 1)[0] ?? '').trim();
    if (type === '*/*' || accepted.includes(type)) return;
  }
  const available = isCollection ? [...accepted, ...watchable] : accepted;
  throw new StatusError('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`, {
    details: {},
  });
}

export function notWatchable(): StatusError {
  return new StatusError('NotAcceptable', `only the following media types are accepted: ${watchable.join(', ')}`);
}

const maxRemembered = 256;

/** Remembers what it found: clients send the same few headers over and over. */
export function createNegotiator(): (accept: string) => OutputForm {
  const known = new Map<string, OutputForm>([
    ['', plainJson],
    ['*/*', plainJson],
    ['application/json', plainJson],
  ]);
  return (accept) => {
    const found = known.get(accept);
    if (found !== undefined) return found;
    const form = negotiate(accept);
    if (form === undefined) {
      throw notAcceptable();
    }
    if (known.size < maxRemembered) known.set(accept, form);
    return form;
  };
}

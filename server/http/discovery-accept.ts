import { StatusError } from '../../api/status.ts';

export interface DiscoveryForm {
  readonly format: 'json' | 'yaml';
  readonly aggregated: boolean;
}

const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const refusal = `only the following media types are accepted: ${types}`;

const formats: Readonly<Record<string, DiscoveryForm['format']>> = {
  '*/*': 'json',
  'application/*': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
};

function formOf(clause: string, mayAggregate: boolean): DiscoveryForm | undefined {
  const [type = '', ...rest] = clause.split(';').map((part) => part.trim().toLowerCase());
  const format = formats[type];
  const parameters = new Map(rest.map((part) => part.split('=', 2) as [string, string]));
  const as = parameters.get('as');
  if (format === undefined) return undefined;
  if (as === undefined) return { format, aggregated: false };
  const isKnown =
    as === 'apigroupdiscoverylist' && parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('v') === 'v2';
  return isKnown && mayAggregate ? { format, aggregated: true } : undefined;
}

function qualityOf(clause: string): number {
  const text = /;\s*q=([\d.]+)/.exec(clause)?.[1];
  return text === undefined ? 1 : Number(text);
}

/** Wildcards come last, more parameters first: how upstream breaks ties. */
function specificity(clause: string): number {
  const [type = '', ...parameters] = clause.split(';');
  const wildcards = type.split('*').length - 1;
  return parameters.length - wildcards * 100;
}

function hasKnownType(clause: string): boolean {
  return types.includes(clause.split(';')[0]?.trim() ?? '') && clause.trim() !== '';
}

/**
 * The form that an Accept header asks for; v2beta1 is gone since 1.36. Routed paths refuse unknown media types in words
 * of their own, before anything else looks at the header; only the roots have an aggregated form.
 */
export function discoveryForm(
  accept: string,
  path: { readonly routed: boolean; readonly aggregated: boolean },
): DiscoveryForm {
  const clauses = (accept === '' ? '*/*' : accept)
    .split(',')
    .map((clause) => ({ clause, quality: qualityOf(clause) }))
    .sort((a, b) => b.quality - a.quality || specificity(b.clause) - specificity(a.clause));
  for (const { clause } of clauses) {
    const form = formOf(clause, path.aggregated);
    if (form !== undefined) return form;
  }
  if (path.routed && !clauses.some(({ clause }) => hasKnownType(clause))) {
    throw new StatusError('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${types}`, {
      details: {},
    });
  }
  throw new StatusError('NotAcceptable', refusal);
}

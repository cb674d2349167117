import { type FieldErrors, type FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { isDNS1035Label, isDNS1123Subdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import { defaultRule, validateNamedRule } from './match-rules.ts';

export type MatchResources = Api<'io.k8s.api.admissionregistration.v1.MatchResources'>;
type ParamKind = Api<'io.k8s.api.admissionregistration.v1.ParamKind'>;

export function defaultMatchResources(match: MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) defaultRule(rule);
}

export function validateMatchResources(match: Readonly<MatchResources> | undefined, path: FieldPath): FieldErrors {
  if (match === undefined) return [];
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = match;
  const errors: FieldErrors = [];
  const policies = ['Equivalent', 'Exact'];
  if (matchPolicy === undefined) errors.push(required(path.child('matchPolicy')));
  else if (!policies.includes(matchPolicy)) errors.push(notSupported(path.child('matchPolicy'), matchPolicy, policies));
  if (namespaceSelector === undefined) errors.push(required(path.child('namespaceSelector')));
  else errors.push(...validateLabelSelector(namespaceSelector, {}, path.child('namespaceSelector')));
  if (objectSelector === undefined) errors.push(required(path.child('objectSelector')));
  else errors.push(...validateLabelSelector(objectSelector, {}, path.child('objectSelector')));
  return [
    ...errors,
    ...resourceRules.flatMap((rule, i) => validateNamedRule(rule, path.child('resourceRules').index(i))),
    ...excludeResourceRules.flatMap((rule, i) => validateNamedRule(rule, path.child('excludeResourceRules').index(i))),
  ];
}

/** A policy must say which resources it is about. */
export function validateMatchConstraints(match: Readonly<MatchResources> | undefined, path: FieldPath): FieldErrors {
  if (match === undefined) return [required(path)];
  const errors = validateMatchResources(match, path);
  return (match.resourceRules ?? []).length === 0 ? [...errors, required(path.child('resourceRules'))] : errors;
}

const mutatingOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is deleted cannot be changed. */
export function validateMutatingOperations(match: Readonly<MatchResources> | undefined, path: FieldPath): FieldErrors {
  const operations = (match?.resourceRules ?? []).flatMap((rule) => rule.operations ?? []);
  return operations
    .filter((operation) => !mutatingOperations.includes(operation))
    .map((operation) => notSupported(path.child('resourceRules', 'operations'), operation, mutatingOperations));
}

function validateApiVersion(apiVersion: string, path: FieldPath): FieldErrors {
  if (apiVersion === '') return [required(path)];
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const version = parts.at(-1) ?? '';
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  const errors: FieldErrors = [];
  const groupMessages = group === '' ? [] : isDNS1123Subdomain(group);
  if (groupMessages.length > 0) errors.push(invalid(path, group, groupMessages.join(',')));
  if (version === '') return [...errors, invalid(path, apiVersion, 'version must be specified')];
  const versionMessages = isDNS1035Label(version);
  return versionMessages.length === 0 ? errors : [...errors, invalid(path, version, versionMessages.join(','))];
}

export function validateParamKind({ apiVersion = '', kind = '' }: Readonly<ParamKind>, path: FieldPath): FieldErrors {
  const errors = validateApiVersion(apiVersion, path.child('apiVersion'));
  if (kind === '') return [...errors, required(path.child('kind'))];
  const messages = isDNS1035Label(kind.toLowerCase());
  if (messages.length === 0) return errors;
  return [
    ...errors,
    invalid(path.child('kind'), kind, `may have mixed case, but should otherwise match: ${messages.join(',')}`),
  ];
}

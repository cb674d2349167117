import { parseUrl } from '../admissionregistration/url.ts';
import type { CustomResourceDefinition } from './definition-types.ts';

export const approval = 'api-approved.kubernetes.io';

export type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid';

/** Groups of the Kubernetes community. */
export function isProtectedGroup(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

export function approvalOf(definition: Readonly<CustomResourceDefinition>): Approval {
  const annotation = definition.metadata?.annotations?.[approval] ?? '';
  if (annotation === '') return 'missing';
  if (annotation.startsWith('unapproved')) return 'bypassed';
  const url = parseUrl(annotation);
  return !('error' in url) && url.scheme !== '' && url.host !== '' ? 'approved' : 'invalid';
}

/** Why a state is what it is, in upstream's words. */
export function protectionReason(definition: Readonly<CustomResourceDefinition>, state: Approval): string {
  const annotation = definition.metadata?.annotations?.[approval] ?? '';
  const rule = `protected groups must have approval annotation "${approval}"`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  switch (state) {
    case 'missing':
      return `${rule}, ${see}`;
    case 'bypassed':
      return `not approved: ${JSON.stringify(annotation)}`;
    case 'approved':
      return `approved in ${annotation}`;
    default:
      return `${rule} with either a URL or a reason starting with "unapproved", ${see}`;
  }
}

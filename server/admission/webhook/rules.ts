import type { GroupVersionResource } from '../../../api/object.ts';
import type { AdmissionRequest } from '../plugin.ts';

/** admissionregistration's RuleWithOperations. */
export interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

export interface CompiledRule {
  readonly operations: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly versions: ReadonlySet<string>;
  /** Resource and subresource; '*' in either place. */
  readonly resources: readonly (readonly [string, string])[];
  readonly scope: string;
}

export function compileRule(rule: Readonly<Rule>): CompiledRule {
  return {
    operations: new Set(rule.operations),
    groups: new Set(rule.apiGroups),
    versions: new Set(rule.apiVersions),
    resources: (rule.resources ?? []).map((text) => {
      const slash = text.indexOf('/');
      return slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)];
    }),
    scope: rule.scope ?? '*',
  };
}

/** Whether a rule speaks of a request, were it made for `resource`: the version it came in, or an equivalent one. */
export function matchesRule(rule: CompiledRule, request: AdmissionRequest, resource: GroupVersionResource): boolean {
  return (
    includes(rule.operations, request.operation) &&
    includes(rule.groups, resource.group) &&
    includes(rule.versions, resource.version) &&
    rule.resources.some(
      ([name, subresource]) =>
        (name === '*' || name === resource.resource) && (subresource === '*' || subresource === request.subresource),
    ) &&
    matchesScope(rule.scope, request, resource)
  );
}

function includes(set: ReadonlySet<string>, value: string): boolean {
  return set.has('*') || set.has(value);
}

/** Namespaces are in themselves, but not namespaced. */
function matchesScope(scope: string, { namespace }: AdmissionRequest, resource: GroupVersionResource): boolean {
  if (scope === '*') return true;
  const isCluster = namespace === '' || (resource.group === '' && resource.resource === 'namespaces');
  return (scope === 'Cluster') === isCluster;
}

const exemptKinds = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/** What admission itself is made of is never its subject: a mistake could not be mended any more. */
export function isExempt({ group, kind }: AdmissionRequest): boolean {
  return group === 'admissionregistration.k8s.io' && exemptKinds.has(kind);
}

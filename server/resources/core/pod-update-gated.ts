import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, type FieldPath, forbidden, invalid } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { toInternal } from './pod-internal.ts';
import type { PodSpec } from './pod-types.ts';

type NodeAffinity = Api<'io.k8s.api.core.v1.NodeAffinity'>;
type Term = Api<'io.k8s.api.core.v1.NodeSelectorTerm'>;
type Gates = NonNullable<PodSpec['schedulingGates']>;

export function validateOnlyRemovedGates(
  gates: Readonly<Gates>,
  old: Readonly<Gates>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const known = new Set(old.map(({ name }) => name));
  const added = new Map<string, number>();
  for (const [i, { name = '' }] of gates.entries()) if (!known.has(name)) added.set(name, i);
  for (const [name, i] of added) {
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(forbidden(path.index(i).child('name'), detail));
  }
}

/** Before it is scheduled a pod's choice of nodes may be narrowed; the fields that were are set back to the old ones. */
export function restoreGatedFields(spec: PodSpec, old: Readonly<PodSpec>, path: FieldPath, errors: FieldErrors): void {
  if (!semanticEqual(spec.nodeSelector, old.nodeSelector)) {
    const kept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => spec.nodeSelector?.[key] === value);
    if (!kept) {
      const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
      errors.push(invalid(path.child('nodeSelector'), sortedKeys(spec.nodeSelector), detail));
    }
    if (old.nodeSelector === undefined) delete spec.nodeSelector;
    else spec.nodeSelector = old.nodeSelector;
  }
  const [nodeAffinity, oldAffinity] = [spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity];
  if (semanticEqual(nodeAffinity, oldAffinity)) return;
  validateNarrowed(nodeAffinity, oldAffinity, path.child('affinity', 'nodeAffinity'), errors);
  const { nodeAffinity: _, ...others } = spec.affinity ?? {};
  if (oldAffinity !== undefined) spec.affinity = { ...others, nodeAffinity: oldAffinity };
  else if (old.affinity === undefined && Object.keys(others).length === 0) delete spec.affinity;
  else spec.affinity = others;
}

function sortedKeys(map: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  return map && Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function validateNarrowed(
  affinity: Readonly<NodeAffinity> | undefined,
  old: Readonly<NodeAffinity> | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const oldTerms = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const termsPath = path.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  if (oldTerms.length === 0) return;
  if (oldTerms.length !== (terms ?? []).length) {
    const shown = terms?.map((term) => toInternal(term, 'NodeSelectorTerm'));
    errors.push(invalid(termsPath, shown, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'));
    return;
  }
  for (const [i, oldTerm] of oldTerms.entries()) {
    const term = terms?.[i] ?? {};
    if (onlyAdds(term, oldTerm)) continue;
    const detail = 'only additions are allowed (no mutations or deletions)';
    errors.push(invalid(termsPath.index(i), toInternal(term, 'NodeSelectorTerm'), detail));
  }
}

function onlyAdds(term: Readonly<Term>, old: Readonly<Term>): boolean {
  const { matchExpressions: oldExpressions = [], matchFields: oldFields = [] } = old;
  const { matchExpressions = [], matchFields = [] } = term;
  // An empty term matches no node: adding to it would widen the choice.
  if (oldExpressions.length === 0 && oldFields.length === 0)
    return matchExpressions.length === 0 && matchFields.length === 0;
  return startsWith(matchExpressions, oldExpressions) && startsWith(matchFields, oldFields);
}

function startsWith(list: readonly unknown[], start: readonly unknown[]): boolean {
  return list.length >= start.length && semanticEqual(list.slice(0, start.length), start);
}

import { isValidLabelValue } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { nodeLabelDeprecation } from './node-selector.ts';
import type { PodSpec } from './pod-types.ts';

type At = (rest: string) => string;
type NodeSelectorTerm = Api<'io.k8s.api.core.v1.NodeSelectorTerm'>;

const nullSelector = 'a null labelSelector results in matching no pod';

export function nodeAffinityWarnings(spec: Readonly<PodSpec>, at: At, warnings: string[]): void {
  const affinity = spec.affinity?.nodeAffinity;
  if (affinity === undefined) return;
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const base = at('spec.affinity.nodeAffinity');
  for (const [i, term] of required.entries()) {
    const path = `${base}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`;
    termWarnings(term, false, path, warnings);
  }
  for (const [i, { preference = {} }] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    termWarnings(
      preference,
      true,
      `${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`,
      warnings,
    );
  }
}

function termWarnings(term: Readonly<NodeSelectorTerm>, checkValues: boolean, path: string, warnings: string[]): void {
  for (const [i, { key = '', values = [] }] of (term.matchExpressions ?? []).entries()) {
    const message = nodeLabelDeprecation(key);
    if (message !== undefined) warnings.push(`${path}.matchExpressions[${i}].key: ${key} is ${message}`);
    for (const [j, value] of checkValues ? values.entries() : []) {
      for (const problem of isValidLabelValue(value)) {
        warnings.push(`${path}.matchExpressions[${i}].values[${j}]: ${value} is invalid, ${problem}`);
      }
    }
  }
}

export function spreadWarnings(spec: Readonly<PodSpec>, at: At, warnings: string[]): void {
  for (const [i, { topologyKey = '', labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const path = at(`spec.topologySpreadConstraints[${i}]`);
    const message = nodeLabelDeprecation(topologyKey);
    if (message !== undefined) warnings.push(`${path}.topologyKey: ${topologyKey} is ${message}`);
    if (labelSelector === undefined) warnings.push(`${path}.labelSelector: ${nullSelector}`);
  }
}

export function affinityWarnings(spec: Readonly<PodSpec>, at: At, warnings: string[]): void {
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const affinity = spec.affinity?.[kind];
    const path = (field: string, i: number): string => at(`spec.affinity.${kind}.${field}[${i}]`);
    for (const [i, term] of (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      if (term.labelSelector !== undefined) continue;
      warnings.push(`${path('requiredDuringSchedulingIgnoredDuringExecution', i)}.labelSelector: ${nullSelector}`);
    }
    for (const [i, { podAffinityTerm }] of (
      affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    ).entries()) {
      if (podAffinityTerm?.labelSelector !== undefined) continue;
      const field = path('preferredDuringSchedulingIgnoredDuringExecution', i);
      warnings.push(`${field}.podAffinityTerm.labelSelector: ${nullSelector}`);
    }
  }
}

import { createLabelTest, createRequirement, type LabelOperator, type Labels } from '../../api/label-requirement.ts';
import type { Api } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';

type Node = Readonly<Api<'io.k8s.api.core.v1.Node'>>;
type PodSpec = Readonly<Api<'io.k8s.api.core.v1.PodSpec'>>;
type Term = Readonly<Api<'io.k8s.api.core.v1.NodeSelectorTerm'>>;
type Requirement = Readonly<Api<'io.k8s.api.core.v1.NodeSelectorRequirement'>>;
export type NodeSelector = Readonly<Api<'io.k8s.api.core.v1.NodeSelector'>>;
export type PreferredTerm = Readonly<Api<'io.k8s.api.core.v1.PreferredSchedulingTerm'>>;

export interface NodeTest {
  matches(node: Node): boolean;
}

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

/** Undefined where the expression cannot be parsed: its term matches no node. */
function labelTest({ key = '', operator = '', values = [] }: Requirement): ((labels: Labels) => boolean) | undefined {
  const known = operators[operator];
  if (known === undefined) return undefined;
  try {
    return createLabelTest(createRequirement(key, known, values));
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

function fieldTest({ key, operator, values = [] }: Requirement): ((name: string) => boolean) | undefined {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) return undefined;
  // metadata.name is the only field that validation admits.
  if (operator === 'In') return (name) => key === 'metadata.name' && name === value;
  return operator === 'NotIn' ? (name) => key !== 'metadata.name' || name !== value : undefined;
}

/** Undefined when one of them is missing. */
function whole<T>(tests: readonly (T | undefined)[]): readonly T[] | undefined {
  const present = tests.filter((test) => test !== undefined);
  return present.length === tests.length ? present : undefined;
}

/** One term: all of its expressions and fields. A term without any matches nothing. */
export function nodeTermTest({ matchExpressions = [], matchFields = [] }: Term): NodeTest {
  const labels = whole(matchExpressions.map(labelTest));
  const fields = whole(matchFields.map(fieldTest));
  const isEmpty = matchExpressions.length + matchFields.length === 0;
  if (isEmpty || labels === undefined || fields === undefined) return { matches: () => false };
  return {
    matches: ({ metadata = {} }) =>
      labels.every((test) => test(metadata.labels)) && fields.every((test) => test(metadata.name ?? '')),
  };
}

/** Any of the terms. */
export function nodeSelectorTest({ nodeSelectorTerms = [] }: NodeSelector): NodeTest {
  const terms = nodeSelectorTerms.map(nodeTermTest);
  return { matches: (node) => terms.some((term) => term.matches(node)) };
}

/** Where a pod may run by its nodeSelector and its required node affinity; undefined: anywhere. */
export function requiredNodes({ nodeSelector, affinity }: PodSpec): NodeTest | undefined {
  const wanted = Object.entries(nodeSelector ?? {});
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const test = required === undefined ? undefined : nodeSelectorTest(required);
  if (wanted.length === 0) return test;
  return {
    matches: (node) =>
      wanted.every(([key, value]) => node.metadata?.labels?.[key] === value) && test?.matches(node) !== false,
  };
}

/** The sum of the weights of the preferred terms that match; undefined when there is none. */
export function preferredNodes(terms: readonly PreferredTerm[] | undefined): ((node: Node) => number) | undefined {
  const tests = (terms ?? []).flatMap(({ weight = 0, preference = {} }) => {
    const isEmpty = (preference.matchExpressions ?? []).length + (preference.matchFields ?? []).length === 0;
    return weight === 0 || isEmpty ? [] : [{ weight, test: nodeTermTest(preference) }];
  });
  if (tests.length === 0) return undefined;
  return (node) => tests.reduce((sum, { weight, test }) => (test.matches(node) ? sum + weight : sum), 0);
}

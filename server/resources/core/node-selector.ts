import { type FieldErrors, type FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { isValidLabelValue, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelName } from '../../../api/validation/labels.ts';
import { invalidEach } from './field-checks.ts';

export type NodeSelector = Api<'io.k8s.api.core.v1.NodeSelector'>;
export type NodeSelectorTerm = Api<'io.k8s.api.core.v1.NodeSelectorTerm'>;
type Requirement = Api<'io.k8s.api.core.v1.NodeSelectorRequirement'>;

const unknownOperator = 'not a valid selector operator';

function operatorErrors({ operator = '', values = [] }: Readonly<Requirement>, path: FieldPath): FieldErrors {
  const at = path.child('values');
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0 ? [] : [required(at, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case 'Gt':
    case 'Lt':
      return values.length === 1
        ? []
        : [required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalid(path.child('operator'), operator, unknownOperator)];
  }
}

function expressionErrors(
  requirement: Readonly<Requirement>,
  allowInvalidValues: boolean,
  path: FieldPath,
): FieldErrors {
  const values = allowInvalidValues ? [] : (requirement.values ?? []);
  return [
    ...operatorErrors(requirement, path),
    ...validateLabelName(requirement.key ?? '', path.child('key')),
    ...values.flatMap((value, i) => invalidEach(path.child('values').index(i), value, isValidLabelValue(value))),
  ];
}

function fieldErrors({ key = '', operator = '', values = [] }: Readonly<Requirement>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(path.child('operator'), operator, unknownOperator));
  } else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(path.child('values'), why));
  }
  if (key !== 'metadata.name') return [...errors, invalid(path.child('key'), key, 'not a valid field selector key')];
  const names = values.flatMap((value, i) =>
    invalidEach(path.child('values').index(i), value, nameIsDNSSubdomain(value, false)),
  );
  return [...errors, ...names];
}

/** `allowInvalidValues`: stored selectors may hold label values that were accepted before they were checked. */
export function nodeSelectorErrors(
  selector: Readonly<NodeSelector>,
  allowInvalidValues: boolean,
  path: FieldPath,
): FieldErrors {
  const at = path.child('nodeSelectorTerms');
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, i) => [
    ...(term.matchExpressions ?? []).flatMap((requirement, j) =>
      expressionErrors(requirement, allowInvalidValues, at.index(i).child('matchExpressions').index(j)),
    ),
    ...(term.matchFields ?? []).flatMap((requirement, j) =>
      fieldErrors(requirement, at.index(i).child('matchFields').index(j)),
    ),
  ]);
}

export function hasInvalidValues(selector: Readonly<NodeSelector> | undefined): boolean {
  return (selector?.nodeSelectorTerms ?? []).some((term) =>
    (term.matchExpressions ?? []).some(({ values = [] }) =>
      values.some((value) => isValidLabelValue(value).length > 0),
    ),
  );
}

const deprecatedLabels: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** Why a node label should not be used any more. */
export function nodeLabelDeprecation(key: string): string | undefined {
  return deprecatedLabels.get(key);
}

/** For `matchExpressions` of node selector terms and of label selectors that select nodes. */
export function nodeExpressionWarnings(
  expressions: readonly { readonly key?: string }[] | undefined,
  path: FieldPath,
): string[] {
  return (expressions ?? []).flatMap(({ key = '' }, i) => {
    const message = nodeLabelDeprecation(key);
    return message === undefined
      ? []
      : [`${path.child('matchExpressions').index(i).child('key')}: ${key} is ${message}`];
  });
}

import { semanticEqual } from '../../api/equal.ts';
import { type FieldErrors, FieldPath, fieldErrorMessage, invalid } from '../../api/field-error.ts';
import { goQuote } from '../../api/go-text.ts';
import { approvalOf, isProtectedGroup, protectionReason } from '../resources/apiextensions/approval.ts';
import type { CustomResourceDefinition, DefinitionNames } from '../resources/apiextensions/definition-types.ts';
import { bundleErrorOf } from '../resources/apiextensions/version-parts.ts';

type Status = NonNullable<CustomResourceDefinition['status']>;
export type Condition = NonNullable<Status['conditions']>[number];

/** Names that other definitions of the group have been given. */
export interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

export function conditionOf(definition: Readonly<CustomResourceDefinition>, type: string): Condition | undefined {
  return definition.status?.conditions?.find((each) => each.type === type);
}

export function isTrue(definition: Readonly<CustomResourceDefinition>, type: string): boolean {
  return conditionOf(definition, type)?.status === 'True';
}

/** Sets a condition; its time is renewed where its status changes. */
export function setCondition(definition: CustomResourceDefinition, condition: Condition, time: string): void {
  definition.status ??= {};
  const { status } = definition;
  const known = status.conditions?.find(({ type }) => type === condition.type);
  if (known === undefined) {
    status.conditions = [...(status.conditions ?? []), { ...condition, lastTransitionTime: time }];
    return;
  }
  if (known.status !== condition.status || known.lastTransitionTime === undefined) known.lastTransitionTime = time;
  known.status = condition.status;
  known.reason = condition.reason;
  known.message = condition.message;
}

export function takenNames(others: Iterable<Readonly<CustomResourceDefinition>>): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const { plural = '', singular = '', shortNames = [], kind = '', listKind = '' } = status?.acceptedNames ?? {};
    for (const name of [plural, singular, ...shortNames]) resources.add(name);
    for (const name of [kind, listKind]) kinds.add(name);
  }
  return { resources, kinds };
}

interface Naming {
  readonly names: DefinitionNames;
  readonly accepted: Condition;
}

function setOrDrop(names: DefinitionNames, field: 'shortNames' | 'categories', value: string[] | undefined): void {
  if (value === undefined) delete names[field];
  else names[field] = value;
}

/** Which of the names asked for the definition gets, and what it is told. The last conflict is the one that is shown. */
export function namingOf(definition: Readonly<CustomResourceDefinition>, taken: TakenNames): Naming {
  const wanted = definition.spec?.names ?? {};
  const had = definition.status?.acceptedNames ?? {};
  const names: DefinitionNames = structuredClone(had);
  let conflict: { reason: string; message: string } | undefined;
  const usedBy = (name: string, own: string, used: ReadonlySet<string>): boolean => name !== own && used.has(name);
  const take = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    reason: string,
    used: ReadonlySet<string>,
  ): void => {
    const name = wanted[field] ?? '';
    if (usedBy(name, had[field] ?? '', used)) conflict = { reason, message: `${goQuote(name)} is already in use` };
    else names[field] = name;
  };
  take('plural', 'PluralConflict', taken.resources);
  take('singular', 'SingularConflict', taken.resources);
  if (!semanticEqual(wanted.shortNames, had.shortNames)) {
    const own = new Set(had.shortNames);
    const refused = (wanted.shortNames ?? []).filter((name) => !own.has(name) && usedBy(name, '', taken.resources));
    const texts = [...new Set(refused)].map((name) => `${goQuote(name)} is already in use`);
    if (texts.length > 0)
      conflict = {
        reason: 'ShortNamesConflict',
        message: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`,
      };
    else setOrDrop(names, 'shortNames', wanted.shortNames);
  }
  take('kind', 'KindConflict', taken.kinds);
  take('listKind', 'ListKindConflict', taken.kinds);
  setOrDrop(names, 'categories', wanted.categories);
  const accepted: Condition =
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict };
  return { names, accepted };
}

const established: Condition = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};

/** Whether a definition may be served, once its names are settled. */
export function establishedOf(definition: Readonly<CustomResourceDefinition>): Condition {
  const known = conditionOf(definition, 'Established');
  if (known?.status === 'True') return known;
  if (!isTrue(definition, 'NamesAccepted')) {
    return (
      known ?? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
    );
  }
  if (bundleErrorOf(definition.spec?.conversion) === undefined) return established;
  return {
    type: 'Established',
    status: 'False',
    reason: 'InvalidCABundle',
    message: 'The conversion webhook CABundle is invalid',
  };
}

/** Definitions of today cannot be created with such schemas; objects from older servers may have them. */
export function nonStructuralOf(definition: Readonly<CustomResourceDefinition>): Condition | undefined {
  const errors: FieldErrors = [];
  if (definition.spec?.preserveUnknownFields === true)
    errors.push(invalid(FieldPath.of('spec', 'preserveUnknownFields'), true, 'must be false'));
  if (errors.length === 0) return undefined;
  const texts = errors.map(fieldErrorMessage);
  return {
    type: 'NonStructuralSchema',
    status: 'True',
    reason: 'Violations',
    message: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`,
  };
}

const approvals = {
  missing: { status: 'False', reason: 'MissingAnnotation' },
  bypassed: { status: 'False', reason: 'UnapprovedAnnotation' },
  approved: { status: 'True', reason: 'ApprovedAnnotation' },
  invalid: { status: 'False', reason: 'InvalidAnnotation' },
} as const;

export function approvalConditionOf(definition: Readonly<CustomResourceDefinition>): Condition | undefined {
  if (!isProtectedGroup(definition.spec?.group ?? '')) return undefined;
  const state = approvalOf(definition);
  return {
    type: 'KubernetesAPIApprovalPolicyConformant',
    ...approvals[state],
    message: protectionReason(definition, state),
  };
}

export function terminating(status: 'True' | 'False', reason: string, message: string): Condition {
  return { type: 'Terminating', status, reason, message };
}

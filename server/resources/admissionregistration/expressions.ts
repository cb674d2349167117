import { duplicate, type FieldErrors, type FieldPath, invalid, required, tooMany } from '../../../api/field-error.ts';
import { isQualifiedName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';

type MatchCondition = Api<'io.k8s.api.admissionregistration.v1.MatchCondition'>;
type Variable = Api<'io.k8s.api.admissionregistration.v1.Variable'>;

/** Where a CEL expression stands and what it may use. */
export interface ExpressionUse {
  readonly kind:
    | 'matchCondition'
    | 'variable'
    | 'validation'
    | 'message'
    | 'auditAnnotation'
    | 'applyConfiguration'
    | 'jsonPatch';
  readonly name?: string;
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** Variables declared before it. */
  readonly variables: readonly Variable[];
  /** The old object has it already: what newer versions forbid stays allowed. */
  readonly stored: boolean;
}

/** Compiles an expression and checks its type; errors are at `path`. */
export type ExpressionCheck = (expression: string, use: ExpressionUse, path: FieldPath) => FieldErrors;

/** Where no compiler is at hand. */
export const uncheckedExpressions: ExpressionCheck = () => [];

const maxMatchConditions = 64;

export interface MatchConditionOptions {
  readonly check: ExpressionCheck;
  readonly hasParams: boolean;
  readonly storedExpressions: ReadonlySet<string>;
}

export function expressionsOf(items: readonly { expression?: string }[] | undefined): Set<string> {
  return new Set((items ?? []).map(({ expression = '' }) => expression));
}

export function validateMatchConditions(
  conditions: readonly MatchCondition[] | undefined,
  options: MatchConditionOptions,
  path: FieldPath,
): FieldErrors {
  const list = conditions ?? [];
  const errors: FieldErrors = list.length > maxMatchConditions ? [tooMany(path, list.length, maxMatchConditions)] : [];
  const seen = new Set<string>();
  for (const [i, { name = '', expression = '' }] of list.entries()) {
    const at = path.index(i);
    const trimmed = expression.trim();
    const stored = options.storedExpressions.has(trimmed);
    const use = {
      kind: 'matchCondition',
      name,
      hasParams: options.hasParams,
      hasAuthorizer: true,
      variables: [],
      stored,
    } as const;
    if (trimmed === '') errors.push(required(at.child('expression')));
    else errors.push(...options.check(trimmed, use, at.child('expression')));
    if (name === '') errors.push(required(at.child('name')));
    else for (const message of isQualifiedName(name)) errors.push(invalid(at.child('name'), name, message));
    if (name !== '' && seen.has(name)) errors.push(duplicate(at.child('name'), name));
    seen.add(name);
  }
  return errors;
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Variables in order: each may use those before it. */
export function validateVariables(
  variables: readonly Variable[] | undefined,
  options: MatchConditionOptions,
  path: FieldPath,
): FieldErrors {
  const list = variables ?? [];
  return list.flatMap(({ name = '', expression = '' }, i) => {
    const at = path.index(i);
    const errors: FieldErrors = [];
    if (name.trim() === '') errors.push(required(at.child('name'), 'name is not specified'));
    else if (!identifier.test(name) || reserved.has(name))
      errors.push(invalid(at.child('name'), name, 'must be a valid CEL identifier'));
    if (expression.trim() === '') return [...errors, required(at.child('expression'), 'expression is not specified')];
    const stored = options.storedExpressions.has(expression);
    const earlier = list.slice(0, i);
    const use = {
      kind: 'variable',
      name,
      hasParams: options.hasParams,
      hasAuthorizer: true,
      variables: earlier,
      stored,
    } as const;
    return [...errors, ...options.check(expression, use, at.child('expression'))];
  });
}

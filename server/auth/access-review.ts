import type { FieldErrors } from '../../api/field-error.ts';
import { createRequirement, type LabelOperator, type LabelRequirement } from '../../api/label-requirement.ts';
import type { Api } from '../../api/object.ts';
import { parseFieldSelector, parseLabelSelector } from '../../api/selectors.ts';
import { badRequest, invalidError, StatusError } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';
import {
  type LocalSubjectAccessReview,
  type ReviewedPath,
  type ReviewedResource,
  type SelfSubjectAccessReview,
  type SubjectAccessReview,
  validateLocalSubjectAccessReview,
  validateSelfSubjectAccessReview,
  validateSubjectAccessReview,
} from './access-review-validation.ts';
import type { Attributes, Authorizer, FieldSelectorRequirement } from './authorizer.ts';

type Status = Api<'io.k8s.api.authorization.v1.SubjectAccessReviewStatus'>;
type Spec = NonNullable<SubjectAccessReview['spec']>;

/** POST of `selfsubjectaccessreviews`: may I. Throws Invalid. */
export async function reviewSelfAccess(
  review: SelfSubjectAccessReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SelfSubjectAccessReview> {
  refuseInvalid(validateSelfSubjectAccessReview(review));
  const status = await answer(authorizer, user, review.spec ?? {});
  return { ...review, ...typeOf('SelfSubjectAccessReview'), metadata: review.metadata ?? {}, status };
}

/** POST of `subjectaccessreviews`: may they. Throws Invalid. */
export async function reviewAccess(review: SubjectAccessReview, authorizer: Authorizer): Promise<SubjectAccessReview> {
  refuseInvalid(validateSubjectAccessReview(review));
  const status = await answer(authorizer, subjectOf(review.spec ?? {}), review.spec ?? {});
  return { ...review, ...typeOf('SubjectAccessReview'), metadata: review.metadata ?? {}, status };
}

/** POST of `namespaces/NS/localsubjectaccessreviews`: may they, in this namespace. Throws Invalid, BadRequest. */
export async function reviewLocalAccess(
  review: LocalSubjectAccessReview,
  namespace: string,
  authorizer: Authorizer,
): Promise<LocalSubjectAccessReview> {
  const named = review.metadata?.namespace ?? '';
  if (named !== '' && named !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const local = { ...review, metadata: { ...review.metadata, namespace } };
  refuseInvalid(validateLocalSubjectAccessReview(local));
  const status = await answer(authorizer, subjectOf(review.spec ?? {}), review.spec ?? {});
  return { ...local, ...typeOf('LocalSubjectAccessReview'), status };
}

function typeOf(kind: string) {
  return { kind, apiVersion: 'authorization.k8s.io/v1' };
}

/** Upstream names no kind in these errors, since its internal objects carry none. */
function refuseInvalid(errors: FieldErrors): void {
  if (errors.length === 0) return;
  const error = invalidError({ group: 'authorization.k8s.io', kind: '' }, '', errors);
  const { kind: _, ...details } = error.details ?? {};
  throw new StatusError('Invalid', error.message, { details });
}

function subjectOf({ user = '', groups = [], uid, extra }: Spec): UserInfo {
  return { username: user, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

interface Question {
  readonly resourceAttributes?: ReviewedResource;
  readonly nonResourceAttributes?: ReviewedPath;
}

async function answer(
  authorizer: Authorizer,
  user: UserInfo,
  { resourceAttributes, nonResourceAttributes }: Question,
): Promise<Status> {
  const faults: string[] = [];
  const attributes: Attributes =
    resourceAttributes === undefined
      ? { isResource: false, user, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' }
      : resourceQuestion(user, resourceAttributes, faults);
  const { decision, reason, error } = await authorizer.authorize(attributes);
  const evaluationError = [...(error === undefined ? [] : [error]), ...faults].join('; ');
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(evaluationError === '' ? {} : { evaluationError }),
  };
}

function resourceQuestion(user: UserInfo, asked: ReviewedResource, faults: string[]): Attributes {
  const { verb = '', group = '', version = '', resource = '', subresource = '', namespace = '', name = '' } = asked;
  const fields = parsed(() => fieldRequirements(asked.fieldSelector), 'fieldSelector', faults);
  const labels = parsed(() => labelRequirements(asked.labelSelector), 'labelSelector', faults);
  return {
    isResource: true,
    user,
    verb,
    group,
    version: version === '' ? '*' : version,
    resource,
    subresource,
    namespace,
    name,
    ...(fields.length === 0 ? {} : { fieldSelector: fields }),
    ...(labels.length === 0 ? {} : { labelSelector: labels }),
  };
}

interface Requirements<T> {
  readonly understood: readonly T[];
  readonly hasFault: boolean;
}

/** What is not understood is left out: requirements only narrow the question, so the answer can only be stricter. */
function parsed<T>(parse: () => Requirements<T>, name: string, faults: string[]): readonly T[] {
  const { understood, hasFault } = parse();
  const how = understood.length > 0 ? 'partially ignored' : 'ignored';
  if (hasFault) faults.push(`spec.resourceAttributes.${name} ${how} due to parse error`);
  return understood;
}

function fieldRequirements({
  rawSelector = '',
  requirements = [],
}: NonNullable<ReviewedResource['fieldSelector']> = {}): Requirements<FieldSelectorRequirement> {
  if (rawSelector !== '') return attempt(() => parseFieldSelector(rawSelector).requirements);
  const understood: FieldSelectorRequirement[] = [];
  for (const { key = '', operator, values = [] } of requirements) {
    const [value, ...more] = values;
    if (value === undefined || more.length > 0 || (operator !== 'In' && operator !== 'NotIn')) continue;
    understood.push({ field: key, op: operator === 'In' ? '=' : '!=', value });
  }
  return { understood, hasFault: understood.length < requirements.length };
}

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

function labelRequirements({
  rawSelector = '',
  requirements = [],
}: NonNullable<ReviewedResource['labelSelector']> = {}): Requirements<LabelRequirement> {
  if (rawSelector !== '') return attempt(() => parseLabelSelector(rawSelector).requirements);
  const understood = requirements.flatMap(({ key = '', operator = '', values = [] }) => {
    const known = operators[operator];
    return known === undefined ? [] : attempt(() => [createRequirement(key, known, values)]).understood;
  });
  return { understood, hasFault: understood.length < requirements.length };
}

function attempt<T>(parse: () => readonly T[]): Requirements<T> {
  try {
    return { understood: parse(), hasFault: false };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { understood: [], hasFault: true };
  }
}

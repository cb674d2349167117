import { toTime } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy, StrategyContext, UpdateStrategy } from '../../registry/strategy.ts';
import { keepSpec, keepStatus } from '../core/kept-fields.ts';
import { validateRequest } from './request-validation.ts';

export type CertificateSigningRequest = Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>;
type Condition = Api<'io.k8s.api.certificates.v1.CertificateSigningRequestCondition'>;

const conditionsPath = FieldPath.of('status', 'conditions');
const certificatePath = FieldPath.of('status', 'certificate');

function conditionsOf(request: Readonly<CertificateSigningRequest>, type: string): Condition[] {
  return (request.status?.conditions ?? []).filter((condition) => condition.type === type);
}

/** What a way of updating may change; each has one thing of its own. */
type Permission = 'nothing' | 'approval' | 'certificate';

function validateApprovals(
  request: Readonly<CertificateSigningRequest>,
  old: Readonly<CertificateSigningRequest>,
): FieldErrors {
  return ['Approved', 'Denied'].flatMap((type) => {
    const now = conditionsOf(request, type);
    const before = conditionsOf(old, type);
    if (now.length < before.length || semanticEqual(now, before)) return [];
    const what = now.length > before.length ? 'add' : 'modify';
    return [forbidden(conditionsPath, `updates may not ${what} a condition of type "${type}"`)];
  });
}

function validateCertificateChange(
  request: Readonly<CertificateSigningRequest>,
  old: Readonly<CertificateSigningRequest>,
  permission: Permission,
): FieldErrors {
  const before = old.status?.certificate ?? '';
  if ((request.status?.certificate ?? '') === before) return [];
  if (permission !== 'certificate') return [forbidden(certificatePath, 'updates may not set certificate content')];
  return before === '' ? [] : [forbidden(certificatePath, 'updates may not modify existing certificate content')];
}

function validateChange(
  permission: Permission,
): NonNullable<UpdateStrategy<CertificateSigningRequest>['validateUpdate']> {
  return (request, old) => {
    const errors = validateRequest(request, old);
    for (const type of ['Approved', 'Denied', 'Failed']) {
      if (conditionsOf(request, type).length >= conditionsOf(old, type).length) continue;
      errors.push(forbidden(conditionsPath, `updates may not remove a condition of type "${type}"`));
    }
    if (permission !== 'approval') errors.push(...validateApprovals(request, old));
    return [...errors, ...validateCertificateChange(request, old, permission)];
  };
}

function stampConditions(
  request: CertificateSigningRequest,
  old: Readonly<CertificateSigningRequest>,
  context: StrategyContext,
): void {
  const now = toTime(context.now);
  for (const condition of request.status?.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    const same = conditionsOf(old, condition.type ?? '').find(
      ({ status, lastTransitionTime }) => status === condition.status && lastTransitionTime,
    );
    condition.lastTransitionTime ??= same?.lastTransitionTime ?? now;
  }
}

/** An approval that is only repeated keeps its words and times. */
function keepApprovals(request: CertificateSigningRequest, old: Readonly<CertificateSigningRequest>): void {
  const conditions = request.status?.conditions;
  if (conditions === undefined) return;
  for (const type of ['Approved', 'Denied']) {
    const before = conditionsOf(old, type);
    if (before.length !== conditionsOf(request, type).length) continue;
    conditions.forEach((condition, i) => {
      if (condition.type === type) conditions[i] = { ...(before.shift() ?? condition) };
    });
  }
}

const status: UpdateStrategy<CertificateSigningRequest> = {
  prepareForUpdate(request, old, context) {
    keepSpec(request, old);
    keepApprovals(request, old);
    stampConditions(request, old, context);
  },
  validateUpdate: validateChange('certificate'),
};

const approval: UpdateStrategy<CertificateSigningRequest> = {
  prepareForUpdate(request, old, context) {
    stampConditions(request, old, context);
    const conditions = request.status?.conditions;
    keepSpec(request, old);
    request.status = structuredClone(old.status ?? {});
    if (conditions === undefined) delete request.status.conditions;
    else request.status.conditions = conditions;
  },
  validateUpdate: validateChange('approval'),
};

export const certificateSigningRequests: Strategy<CertificateSigningRequest> = {
  resource: 'certificatesigningrequests.certificates.k8s.io',
  validateName: () => [],
  prepareForCreate(request, { user }) {
    const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...asked } = request.spec ?? {};
    request.spec = {
      ...asked,
      username: user.username,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: [...user.groups],
      ...(user.extra === undefined || Object.keys(user.extra).length === 0
        ? {}
        : { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) }),
    };
    request.status = {};
  },
  validateCreate: (request) => validateRequest(request),
  prepareForUpdate(request, old) {
    keepSpec(request, old);
    keepStatus(request, old);
  },
  validateUpdate: validateChange('nothing'),
  subresources: { status, approval },
};

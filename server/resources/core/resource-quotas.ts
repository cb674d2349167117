import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { compareQuantity } from '../../../api/quantity.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { fieldIsImmutable } from './field-checks.ts';
import { internalForm, internalShape } from './internal-form.ts';
import {
  amountsOf,
  isStandardQuotaResourceName,
  quotaResourceNameErrors,
  resourceQuantityErrors,
} from './resource-names.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';

export type ResourceQuota = Api<'io.k8s.api.core.v1.ResourceQuota'>;
type Spec = NonNullable<ResourceQuota['spec']>;
type Requirement = Api<'io.k8s.api.core.v1.ScopedResourceSelectorRequirement'>;

const requirementShape = internalShape('ScopeName:scopeName:s Operator:operator:s Values:values:p');
const selectorShape = internalShape(['MatchExpressions', 'matchExpressions', requirementShape, 'list']);
const pods = ['pods'];
const compute = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
/** Which resources each scope can narrow. */
const resourcesOfScope: Readonly<Record<string, readonly string[]>> = {
  Terminating: compute,
  NotTerminating: compute,
  BestEffort: pods,
  NotBestEffort: compute,
  PriorityClass: compute,
  CrossNamespacePodAffinity: compute,
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};
const existsOnly = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);
const existsOnlyWhy =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];

/** How many of the limited resources the scope cannot narrow. */
function misfits(spec: Readonly<Spec>, scope: string): number {
  const fitting = resourcesOfScope[scope];
  if (fitting === undefined) return 0;
  const hard = Object.keys(spec.hard ?? {});
  return hard.filter((name) => isStandardQuotaResourceName(name) && !fitting.includes(name)).length;
}

function conflicts(scopes: readonly string[], value: unknown, path: FieldPath): FieldErrors {
  return opposites
    .filter((pair) => pair.every((scope) => scopes.includes(scope)))
    .map(() => invalid(path, value, 'conflicting scopes'));
}

function scopeErrors(spec: Readonly<Spec>, path: FieldPath): FieldErrors {
  const scopes = spec.scopes ?? [];
  const errors: FieldErrors = [];
  for (const scope of scopes) {
    if (resourcesOfScope[scope] === undefined) errors.push(invalid(path, scopes, 'unsupported scope'));
    for (let i = misfits(spec, scope); i > 0; i--) {
      errors.push(invalid(path, scopes, 'unsupported scope applied to resource'));
    }
  }
  return [...errors, ...conflicts(scopes, scopes, path)];
}

function operatorErrors(
  { scopeName = '', operator = '', values = [] }: Readonly<Requirement>,
  path: FieldPath,
): FieldErrors {
  const errors: FieldErrors = [];
  if (existsOnly.has(scopeName) && operator !== 'Exists') {
    errors.push(invalid(path.child('operator'), operator, existsOnlyWhy));
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return errors;
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    return [...errors, required(path.child('values'), why)];
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return errors;
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    return [...errors, invalid(path.child('values'), values, why)];
  }
  return [...errors, invalid(path.child('operator'), operator, 'not a valid selector operator')];
}

function selectorErrors(spec: Readonly<Spec>, path: FieldPath): FieldErrors {
  const requirements = spec.scopeSelector?.matchExpressions ?? [];
  const errors: FieldErrors = [];
  for (const requirement of requirements) {
    const { scopeName = '' } = requirement;
    if (resourcesOfScope[scopeName] === undefined) {
      errors.push(invalid(path.child('scopeName'), scopeName, 'unsupported scope'));
    }
    for (let i = misfits(spec, scopeName); i > 0; i--) {
      const shown = internalForm(spec.scopeSelector, selectorShape);
      errors.push(invalid(path, shown, 'unsupported scope applied to resource'));
    }
    errors.push(...operatorErrors(requirement, path));
  }
  return [
    ...errors,
    ...conflicts(
      requirements.map(({ scopeName = '' }) => scopeName),
      spec.scopes ?? null,
      path,
    ),
  ];
}

function listErrors(list: object | undefined, path: FieldPath): FieldErrors {
  return Object.entries(amountsOf(list)).flatMap(([name, quantity]) => [
    ...quotaResourceNameErrors(name, path.key(name)),
    ...resourceQuantityErrors(name, quantity, path.key(name)),
  ]);
}

function statusErrors({ status }: Readonly<ResourceQuota>): FieldErrors {
  const path = FieldPath.of('status');
  return [...listErrors(status?.hard, path.child('hard')), ...listErrors(status?.used, path.child('used'))];
}

function specErrors({ spec = {} }: Readonly<ResourceQuota>): FieldErrors {
  const path = FieldPath.of('spec');
  return [
    ...listErrors(spec.hard, path.child('hard')),
    ...scopeErrors(spec, path.child('scopes')),
    ...selectorErrors(spec, path.child('scopeSelector', 'matchExpressions')),
  ];
}

function updateErrors(quota: Readonly<ResourceQuota>, old: Readonly<ResourceQuota>): FieldErrors {
  const errors = specErrors(quota);
  const had = old.spec?.scopes ?? [];
  const has = quota.spec?.scopes ?? [];
  if (had.some((scope) => !has.includes(scope)) || has.some((scope) => !had.includes(scope))) {
    errors.push(invalid(FieldPath.of('spec', 'scopes'), quota.spec?.scopes, fieldIsImmutable));
  }
  return errors;
}

function warnings({ spec }: Readonly<ResourceQuota>): string[] {
  const hard = amountsOf(spec?.hard);
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const plain = (name === 'cpu' || name === 'memory') && hard[`requests.${name}`] === undefined;
    const requestName = plain ? name : `requests.${name}`;
    const request = hard[requestName];
    const limit = hard[`limits.${name}`];
    if (request === undefined || limit === undefined || compareQuantity(request, limit) <= 0) return [];
    return [`ResourceQuota ${requestName} (${request}) should be less than limits.${name} (${limit})`];
  });
}

export const resourceQuotaStrategy: Strategy<ResourceQuota> = {
  resource: 'resourcequotas',
  applyDefaults({ spec, status }) {
    for (const list of [spec?.hard, status?.hard, status?.used]) {
      if (list !== undefined) defaultResourceList(list as Record<string, string>);
    }
  },
  prepareForCreate(quota) {
    quota.status = {};
  },
  validateCreate: (quota) => [...specErrors(quota), ...statusErrors(quota)],
  warningsOnCreate: warnings,
  prepareForUpdate(quota, old) {
    quota.status = old.status;
  },
  validateUpdate: updateErrors,
  subresources: {
    status: {
      prepareForUpdate(quota, old) {
        quota.spec = old.spec;
      },
      validateUpdate: statusErrors,
    },
  },
};

import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid } from '../../../api/field-error.ts';
import type { Api, KubeObject } from '../../../api/object.ts';
import { invalidError } from '../../../api/status.ts';
import { validateTemplateObjectMeta } from '../../../api/validation/object-meta.ts';
import type { Strategy, StrategyDeps, Transaction } from '../../registry/strategy.ts';
import { keepMetadata, keepSpec, keepStatus } from '../core/kept-fields.ts';
import { type ClaimSpec, claimSpecErrors, defaultClaimSpec, defaultTolerations } from './claim-spec.ts';
import { claimStatusErrors, dropDeallocatedDevices, type ResourceClaim } from './claim-status.ts';
import type { DeviceExpressionCheck } from './device-selection.ts';
import { printedClaimSpec, printedTemplateSpec } from './internal-forms.ts';

export type ResourceClaimTemplate = Api<'io.k8s.api.resource.v1.ResourceClaimTemplate'>;

const specPath = FieldPath.of('spec');
const adminLabel = 'resource.kubernetes.io/admin-access';

/** Devices are handed out for administration only in namespaces that are labelled for it. */
function checkAdminAccess(
  kind: string,
  object: KubeObject,
  spec: Readonly<ClaimSpec> | undefined,
  deps: StrategyDeps,
): void {
  const index = (spec?.devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  if (index < 0) return;
  const namespace = deps.reader.get<KubeObject>('namespaces', '', object.metadata?.namespace ?? '');
  if (namespace?.metadata?.labels?.[adminLabel] === 'true') return;
  const path = specPath.child('devices', 'requests').index(index).child('adminAccess');
  const detail = `admin access to devices requires the \`${adminLabel}: true\` label on the containing namespace`;
  throw invalidError({ group: 'resource.k8s.io', kind }, object.metadata?.name ?? '', [forbidden(path, detail)]);
}

export function resourceClaims(check: DeviceExpressionCheck): Strategy<ResourceClaim> {
  return {
    resource: 'resourceclaims.resource.k8s.io',
    applyDefaults(claim) {
      defaultClaimSpec(claim.spec);
      for (const result of claim.status?.allocation?.devices?.results ?? []) defaultTolerations(result.tolerations);
    },
    prepareForCreate(claim) {
      claim.status = {};
    },
    validateCreate: (claim) => claimSpecErrors(claim.spec, { check, stored: false }, specPath),
    prepareForUpdate(claim, old) {
      keepStatus(claim, old);
    },
    validateUpdate: (claim, old) =>
      semanticEqual(claim.spec, old.spec)
        ? []
        : [invalid(specPath, printedClaimSpec(claim.spec), 'field is immutable')],
    beginCreate: async (claim, deps): Promise<Transaction | undefined> => {
      checkAdminAccess('ResourceClaim', claim, claim.spec, deps);
      return undefined;
    },
    subresources: {
      status: {
        prepareForUpdate(claim, old) {
          keepSpec(claim, old);
          keepMetadata(claim, old);
          dropDeallocatedDevices(claim, old);
        },
        validateUpdate: claimStatusErrors,
      },
    },
  };
}

export function resourceClaimTemplates(check: DeviceExpressionCheck): Strategy<ResourceClaimTemplate> {
  const validate = (template: Readonly<ResourceClaimTemplate>): FieldErrors => [
    ...validateTemplateObjectMeta(template.spec?.metadata, specPath.child('metadata')),
    ...claimSpecErrors(template.spec?.spec, { check, stored: false }, specPath.child('spec')),
  ];
  return {
    resource: 'resourceclaimtemplates.resource.k8s.io',
    applyDefaults: (template) => defaultClaimSpec(template.spec?.spec),
    validateCreate: validate,
    validateUpdate: (template, old) => [
      ...validate(template),
      ...(semanticEqual(template.spec, old.spec)
        ? []
        : [invalid(specPath, printedTemplateSpec(template.spec), 'field is immutable')]),
    ],
    beginCreate: async (template, deps): Promise<Transaction | undefined> => {
      checkAdminAccess('ResourceClaimTemplate', template, template.spec?.spec, deps);
      return undefined;
    },
  };
}

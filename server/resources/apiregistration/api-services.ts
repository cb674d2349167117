import { toTime } from '../../../api/clock.ts';
import { type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { isDNS1035Label, isDNS1123Subdomain, isPathSegmentName, isValidPortNum } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { keepSpec, keepStatus } from '../core/kept-fields.ts';

export type APIService = Api<'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService'>;
type Spec = NonNullable<APIService['spec']>;

const specPath = FieldPath.of('spec');

function validateName(service: Readonly<APIService>): FieldErrors {
  const name = service.metadata?.name ?? '';
  const wanted = `${service.spec?.version ?? ''}.${service.spec?.group ?? ''}`;
  // Without a name there is nothing to compare, and bad path segments are reported with the rest of the metadata.
  if (name === '' || name === wanted || isPathSegmentName(name).length > 0) return [];
  return [
    invalid(
      FieldPath.of('metadata', 'name'),
      name,
      `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`,
    ),
  ];
}

function validateBackend(spec: Readonly<Spec>): FieldErrors {
  const { service, caBundle = '', insecureSkipTLSVerify = false } = spec;
  const insecurePath = specPath.child('insecureSkipTLSVerify');
  const errors: FieldErrors = [];
  if (service === undefined) {
    const size = `${Buffer.from(caBundle, 'base64').length} bytes`;
    if (caBundle !== '')
      errors.push(invalid(specPath.child('caBundle'), size, 'local APIServices may not have a caBundle'));
    if (insecureSkipTLSVerify)
      errors.push(invalid(insecurePath, true, 'local APIServices may not have insecureSkipTLSVerify'));
    return errors;
  }
  const path = specPath.child('service');
  const { namespace = '', name = '', port = 0 } = service;
  if (namespace === '') errors.push(required(path.child('namespace')));
  if (name === '') errors.push(required(path.child('name')));
  const messages = isValidPortNum(port);
  if (messages.length > 0) errors.push(invalid(path.child('port'), port, `port is not valid: ${messages.join(', ')}`));
  if (insecureSkipTLSVerify && caBundle !== '')
    errors.push(invalid(insecurePath, true, 'may not be true if caBundle is present'));
  return errors;
}

function validate(service: Readonly<APIService>): FieldErrors {
  const spec = service.spec ?? {};
  const { group = '', version = '', groupPriorityMinimum: minimum = 0, versionPriority = 0 } = spec;
  const errors = validateName(service);
  if (group === '' && version !== 'v1') {
    errors.push(required(specPath.child('group'), 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '')
    for (const message of isDNS1123Subdomain(group)) errors.push(invalid(specPath.child('group'), group, message));
  for (const message of isDNS1035Label(version)) errors.push(invalid(specPath.child('version'), version, message));
  if (minimum <= 0 || minimum > 20000) {
    errors.push(invalid(specPath.child('groupPriorityMinimum'), minimum, 'must be positive and less than 20000'));
  }
  if (versionPriority <= 0 || versionPriority > 1000) {
    errors.push(invalid(specPath.child('versionPriority'), versionPriority, 'must be positive and less than 1000'));
  }
  return [...errors, ...validateBackend(spec)];
}

const conditionStatuses = ['True', 'False', 'Unknown'];

function validateStatus(service: Readonly<APIService>): FieldErrors {
  return (service.status?.conditions ?? []).flatMap(({ status = '' }, i) =>
    conditionStatuses.includes(status)
      ? []
      : [notSupported(FieldPath.of('status', 'conditions').index(i).child('status'), status, conditionStatuses)],
  );
}

const keptByStatus = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

function keepMetadata(service: APIService, old: Readonly<APIService>): void {
  const metadata: Record<string, unknown> = { ...service.metadata };
  for (const field of keptByStatus) {
    const value = old.metadata?.[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = structuredClone(value);
  }
  service.metadata = metadata;
}

export const apiServices: Strategy<APIService> = {
  resource: 'apiservices.apiregistration.k8s.io',
  allowUnconditionalUpdate: false,
  validateName: isPathSegmentName,
  applyDefaults(service) {
    if (service.spec?.service !== undefined) service.spec.service.port ??= 443;
  },
  prepareForCreate(service, { now }) {
    service.status = {};
    if (service.spec?.service !== undefined) return;
    const message = 'Local APIServices are always available';
    service.status.conditions = [
      { type: 'Available', status: 'True', lastTransitionTime: toTime(now), reason: 'Local', message },
    ];
  },
  prepareForUpdate(service, old) {
    keepStatus(service, old);
  },
  validateCreate: validate,
  validateUpdate: validate,
  subresources: {
    status: {
      prepareForUpdate(service, old) {
        keepSpec(service, old);
        keepMetadata(service, old);
      },
      validateUpdate: validateStatus,
    },
  },
};

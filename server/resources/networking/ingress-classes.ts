import { type FieldErrors, FieldPath, forbidden, notSupported, required, tooLong } from '../../../api/field-error.ts';
import { isDomainPrefixedPath, nameIsDNSLabel } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutableErrors, invalidEach, metadataErrorsAgain } from '../core/field-checks.ts';
import { localReferenceErrors } from './ingress-paths.ts';

export type IngressClass = Api<'io.k8s.api.networking.v1.IngressClass'>;
type Parameters = Api<'io.k8s.api.networking.v1.IngressClassParametersReference'>;

const maxController = 250;
const scopes = ['Cluster', 'Namespace'];

function parametersErrors(parameters: Readonly<Parameters>, path: FieldPath): FieldErrors {
  const { scope, namespace } = parameters;
  const errors = localReferenceErrors(parameters, path);
  const at = path.child('namespace');
  if (scope === undefined) errors.push(required(path.child('scope')));
  else if (!scopes.includes(scope)) errors.push(notSupported(path.child('scope'), scope, scopes));
  else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  } else if (namespace === undefined) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
  else errors.push(...invalidEach(at, namespace, nameIsDNSLabel(namespace, false)));
  return errors;
}

function specErrors({ spec = {} }: Readonly<IngressClass>): FieldErrors {
  const path = FieldPath.of('spec');
  const { controller = '', parameters } = spec;
  return [
    ...(controller.length > maxController ? [tooLong(path.child('controller'), maxController)] : []),
    ...isDomainPrefixedPath(path.child('controller'), controller),
    ...(parameters === undefined ? [] : parametersErrors(parameters, path.child('parameters'))),
  ];
}

export const ingressClassStrategy: Strategy<IngressClass> = {
  resource: 'ingressclasses.networking.k8s.io',
  generation: true,
  applyDefaults({ spec }) {
    if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
  },
  validateCreate: specErrors,
  validateUpdate(ingressClass, old) {
    const controller = ingressClass.spec?.controller ?? '';
    const path = FieldPath.of('spec', 'controller');
    return [
      ...immutableErrors(controller, old.spec?.controller ?? '', path),
      ...metadataErrorsAgain(ingressClass, 'cluster'),
      ...specErrors(ingressClass),
    ];
  },
};

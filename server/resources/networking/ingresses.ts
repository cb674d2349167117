import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import { ipWarnings, parseIP, validateLegacyIP } from '../../../api/ip.ts';
import { isDNS1123Subdomain, isWildcardDNS1123Subdomain, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { invalidEach, metadataErrorsAgain } from '../core/field-checks.ts';
import { backendErrors, pathErrors } from './ingress-paths.ts';

export type Ingress = Api<'io.k8s.api.networking.v1.Ingress'>;
type Spec = Api<'io.k8s.api.networking.v1.IngressSpec'>;
type Rule = Api<'io.k8s.api.networking.v1.IngressRule'>;
type TLS = Api<'io.k8s.api.networking.v1.IngressTLS'>;

const classAnnotation = 'kubernetes.io/ingress.class';
const notAnIP = 'must be a DNS name, not an IP address';

/** What an update may keep of what was stored before it was checked. */
interface Tolerated {
  readonly secretNames: boolean;
  readonly wildcardRules: boolean;
}

function hostErrors(host: string, path: FieldPath): FieldErrors {
  return invalidEach(path, host, host.includes('*') ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host));
}

function ruleErrors({ http, host = '' }: Readonly<Rule>, path: FieldPath, tolerated: Tolerated): FieldErrors {
  const errors: FieldErrors = [];
  if (host !== '') {
    if (parseIP(host) !== undefined) errors.push(invalid(path.child('host'), host, notAnIP));
    errors.push(...hostErrors(host, path.child('host')));
  }
  if (http !== undefined && !(host.includes('*') && tolerated.wildcardRules)) {
    errors.push(...pathErrors(http, path.child('http')));
  }
  return errors;
}

function secretNameMessages(name = ''): readonly string[] {
  return name === '' ? [] : nameIsDNSSubdomain(name, false);
}

function tlsErrors({ hosts = [], secretName }: Readonly<TLS>, path: FieldPath, tolerated: Tolerated): FieldErrors {
  const errors = hosts.flatMap((host, i) => hostErrors(host, path.child('hosts').index(i)));
  if (tolerated.secretNames) return errors;
  return [...errors, ...invalidEach(path.child('secretName'), secretName, secretNameMessages(secretName))];
}

function specErrors(spec: Readonly<Spec>, tolerated: Tolerated): FieldErrors {
  const path = FieldPath.of('spec');
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  const errors: FieldErrors = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(invalid(path, spec.rules, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend !== undefined) errors.push(...backendErrors(defaultBackend, path.child('defaultBackend')));
  errors.push(...rules.flatMap((rule, i) => ruleErrors(rule, path.child('rules').index(i), tolerated)));
  errors.push(...tls.flatMap((entry, i) => tlsErrors(entry, path.child('tls').index(i), tolerated)));
  if (ingressClassName !== undefined) {
    const messages = nameIsDNSSubdomain(ingressClassName, false);
    errors.push(...invalidEach(path.child('ingressClassName'), ingressClassName, messages));
  }
  return errors;
}

function createErrors(ingress: Readonly<Ingress>): FieldErrors {
  const errors = specErrors(ingress.spec ?? {}, { secretNames: false, wildcardRules: false });
  const annotation = ingress.metadata?.annotations?.[classAnnotation];
  const name = ingress.spec?.ingressClassName;
  if (annotation !== undefined && name !== undefined && annotation !== name) {
    const path = FieldPath.of('annotations', classAnnotation);
    errors.push(invalid(path, annotation, 'must match `ingressClassName` when both are specified'));
  }
  return errors;
}

function updateErrors(ingress: Readonly<Ingress>, old: Readonly<Ingress>): FieldErrors {
  const { tls = [], rules = [] } = old.spec ?? {};
  const tolerated: Tolerated = {
    secretNames: tls.some(({ secretName }) => secretNameMessages(secretName).length > 0),
    wildcardRules: rules.some(
      ({ host, http }) => host?.includes('*') && http !== undefined && pathErrors(http, FieldPath.of()).length > 0,
    ),
  };
  return [...metadataErrorsAgain(ingress, 'namespaced'), ...specErrors(ingress.spec ?? {}, tolerated)];
}

function statusErrors(ingress: Readonly<Ingress>, old: Readonly<Ingress>): FieldErrors {
  const path = FieldPath.of('status', 'loadBalancer', 'ingress');
  const known = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return (ingress.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const at = path.index(i);
    const errors = ip ? validateLegacyIP(at.child('ip'), ip, known) : [];
    if (!hostname) return errors;
    errors.push(...invalidEach(at.child('hostname'), hostname, isDNS1123Subdomain(hostname)));
    if (parseIP(hostname) !== undefined) errors.push(invalid(at.child('hostname'), hostname, notAnIP));
    return errors;
  });
}

export const ingressStrategy: Strategy<Ingress> = {
  resource: 'ingresses.networking.k8s.io',
  generation: true,
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validateCreate: createErrors,
  warningsOnCreate({ metadata, spec }) {
    if (metadata?.annotations?.[classAnnotation] === undefined || spec?.ingressClassName !== undefined) return [];
    return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
  prepareForUpdate(ingress, old) {
    ingress.status = old.status;
  },
  validateUpdate: updateErrors,
  subresources: {
    status: {
      prepareForUpdate(ingress, old) {
        ingress.spec = old.spec;
      },
      validateUpdate: statusErrors,
      warningsOnUpdate({ status }) {
        const path = FieldPath.of('status', 'loadBalancer', 'ingress');
        return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) => (ip ? ipWarnings(path.index(i), ip) : []));
      },
    },
  },
};

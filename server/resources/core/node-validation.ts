import {
  duplicate,
  type FieldErrors,
  FieldPath,
  forbidden,
  internalError,
  invalid,
  required,
} from '../../../api/field-error.ts';
import { parseCIDR, validateLegacyCIDR } from '../../../api/ip.ts';
import { isConfigMapKey, nameIsDNSLabel, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { invalidEach } from './field-checks.ts';
import { internalForm, internalShape } from './internal-form.ts';
import { schedulerAnnotationErrors, taintErrors } from './node-taints.ts';
import { amountsOf, resourceQuantityErrors } from './resource-names.ts';

export type Node = Api<'io.k8s.api.core.v1.Node'>;
type ConfigSource = Api<'io.k8s.api.core.v1.NodeConfigSource'>;
type ConfigMapSource = Api<'io.k8s.api.core.v1.ConfigMapNodeConfigSource'>;

const metadata = FieldPath.of('metadata');
const featureName = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;
const featureSyntax =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
const configMapShape = internalShape(
  'Namespace:namespace:s Name:name:s UID:uid:s ResourceVersion:resourceVersion:s KubeletConfigKey:kubeletConfigKey:s',
);
const configSourceShape = internalShape(['ConfigMap', 'configMap', configMapShape, 'pointer']);

function featureErrors(features: readonly string[], path: FieldPath): FieldErrors {
  return features.flatMap((feature, i) => {
    const errors: FieldErrors = [];
    const why = feature.length > 253 ? 'must be no more than 253 characters' : featureSyntax;
    if (feature.length > 253 || !featureName.test(feature)) {
      errors.push(invalid(path.index(i), feature, `invalid feature name ${JSON.stringify(feature)}: ${why}`));
    }
    const next = features[i + 1];
    if (next === feature) errors.push(duplicate(path.index(i + 1), next));
    else if (next !== undefined && next < feature) {
      errors.push(invalid(path.index(i + 1), next, 'list must be sorted alphabetically'));
    }
    return errors;
  });
}

function resourceErrors(node: Readonly<Node>): FieldErrors {
  return (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(amountsOf(node.status?.[list])).flatMap(([name, quantity]) =>
      resourceQuantityErrors(name, quantity, FieldPath.of('status', list, name)),
    ),
  );
}

function podCIDRErrors(cidrs: readonly string[]): FieldErrors {
  const path = FieldPath.of('spec', 'podCIDRs');
  const errors = cidrs.flatMap((cidr, i) => validateLegacyCIDR(path.index(i), cidr));
  if (cidrs.length < 2) return errors;
  const families = cidrs.map((cidr) => parseCIDR(cidr)?.family);
  const broken = cidrs.find((_, i) => families[i] === undefined);
  if (broken !== undefined) {
    const why = `invalid CIDR[${cidrs.indexOf(broken)}]: <nil> (invalid CIDR address: ${broken})`;
    errors.push(internalError(path, `invalid PodCIDRs. failed to check with dual stack with error:${why}`));
  }
  if (broken !== undefined || cidrs.length > 2 || families[0] === families[1]) {
    errors.push(invalid(path, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

/** What holds for a new node and for each later version of its spec and metadata. */
export function nodeErrors(node: Readonly<Node>): FieldErrors {
  const swap = node.status?.nodeInfo?.swap?.capacity;
  return [
    ...schedulerAnnotationErrors(node.metadata?.annotations ?? {}, metadata.child('annotations')),
    ...taintErrors(node.spec?.taints ?? [], metadata.child('taints')),
    ...resourceErrors(node),
    ...(swap !== undefined && swap <= 0
      ? [invalid(metadata.child('nodeSwapStatus', 'capacity'), swap, 'must be greater than zero')]
      : []),
    ...featureErrors(node.status?.declaredFeatures ?? [], FieldPath.of('status', 'declaredFeatures')),
    ...podCIDRErrors(node.spec?.podCIDRs ?? []),
  ];
}

function configMapErrors(source: Readonly<ConfigMapSource>, path: FieldPath, inStatus: boolean): FieldErrors {
  const errors: FieldErrors = [];
  const check = (
    field: 'namespace' | 'name' | 'kubeletConfigKey',
    rule: (value: string) => readonly string[],
  ): void => {
    const value = source[field] ?? '';
    if (value === '') errors.push(required(path.child(field)));
    else errors.push(...invalidEach(path.child(field), value, rule(value)));
  };
  for (const field of ['uid', 'resourceVersion'] as const) {
    if (inStatus && !source[field]) errors.push(required(path.child(field)));
    if (!inStatus && source[field]) errors.push(forbidden(path.child(field), `${field} must not be set in spec`));
  }
  check('namespace', (value) => nameIsDNSLabel(value, false));
  check('name', (value) => nameIsDNSSubdomain(value, false));
  check('kubeletConfigKey', isConfigMapKey);
  return errors;
}

function configSourceErrors(source: Readonly<ConfigSource>, path: FieldPath, inStatus: boolean): FieldErrors {
  if (source.configMap !== undefined) return configMapErrors(source.configMap, path.child('configMap'), inStatus);
  return [invalid(path, internalForm(source, configSourceShape), 'exactly one reference subfield must be non-nil')];
}

function addressErrors(node: Readonly<Node>): FieldErrors {
  const seen = new Set<string>();
  return (node.status?.addresses ?? []).flatMap(({ type = '', address = '' }, i) => {
    const identity = `${type} ${address}`;
    const isKnown = seen.has(identity);
    seen.add(identity);
    const path = FieldPath.of('status', 'addresses').index(i);
    return isKnown ? [duplicate(path, { Type: type, Address: address })] : [];
  });
}

function changeErrors(node: Readonly<Node>, old: Readonly<Node>): FieldErrors {
  const errors: FieldErrors = [];
  const had = old.spec?.podCIDRs ?? [];
  const has = node.spec?.podCIDRs ?? [];
  const changed = had.length === has.length ? had.filter((cidr, i) => cidr !== has[i]).length : 1;
  if (had.length > 0) {
    const why = 'node updates may not change podCIDR except from "" to valid';
    for (let i = 0; i < changed; i++) errors.push(forbidden(FieldPath.of('spec', 'podCIDRs'), why));
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    const why = 'node updates may not change providerID except from "" to valid';
    errors.push(forbidden(FieldPath.of('spec', 'providerID'), why));
  }
  return errors;
}

/** What a change must not do, of the node or of its status. */
export function nodeUpdateErrors(node: Readonly<Node>, old: Readonly<Node>): FieldErrors {
  const errors = [
    ...schedulerAnnotationErrors(node.metadata?.annotations ?? {}, metadata.child('annotations')),
    ...resourceErrors(node),
    ...featureErrors(node.status?.declaredFeatures ?? [], FieldPath.of('status', 'declaredFeatures')),
    ...addressErrors(node),
    ...changeErrors(node, old),
  ];
  if (node.spec?.configSource !== undefined) {
    errors.push(...configSourceErrors(node.spec.configSource, FieldPath.of('spec', 'configSource'), false));
  }
  for (const field of ['assigned', 'active', 'lastKnownGood'] as const) {
    const source = node.status?.config?.[field];
    const path = FieldPath.of('status', 'config', field);
    if (source !== undefined) errors.push(...configSourceErrors(source, path, true));
  }
  errors.push(...taintErrors(node.spec?.taints ?? [], metadata.child('taints')));
  if ((node.spec?.externalID ?? '') !== (old.spec?.externalID ?? '')) {
    errors.push(forbidden(FieldPath.of('spec', 'externalID'), 'may not be updated'));
  }
  return errors;
}

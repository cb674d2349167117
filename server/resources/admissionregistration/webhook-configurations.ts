import { semanticEqual } from '../../../api/equal.ts';
import { duplicate, type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { isDNS1035Label, isFullyQualifiedName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { type ExpressionCheck, validateMatchConditions } from './expressions.ts';
import { defaultRule, validateRule } from './match-rules.ts';
import { staticSuffixWarnings } from './static-suffix.ts';
import { defaultWebhookClient, validateWebhookClient } from './webhook-client.ts';

export type ValidatingWebhookConfiguration = Api<'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration'>;
export type MutatingWebhookConfiguration = Api<'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration'>;
type ValidatingWebhook = Api<'io.k8s.api.admissionregistration.v1.ValidatingWebhook'>;
type MutatingWebhook = Api<'io.k8s.api.admissionregistration.v1.MutatingWebhook'>;
type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

const webhooksPath = FieldPath.of('webhooks');
const reviewVersions = ['v1', 'v1beta1'];
const harmlessSideEffects = ['None', 'NoneOnDryRun'];
const allSideEffects = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];

function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  defaultWebhookClient(webhook.clientConfig);
  for (const rule of webhook.rules ?? []) defaultRule(rule);
}

/** Faults that an update may keep because the old object has them. */
interface Tolerated {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly duplicateNames: boolean;
  readonly labelValues: boolean;
  readonly matchConditions: boolean;
  readonly storedExpressions: ReadonlySet<string>;
}

const nothingTolerated: Tolerated = {
  sideEffects: false,
  reviewVersions: false,
  duplicateNames: false,
  labelValues: false,
  matchConditions: false,
  storedExpressions: new Set(),
};

function webhooksOf(configuration: Readonly<Configuration>): readonly Webhook[] {
  return configuration.webhooks ?? [];
}

function hasInvalidSelector({ namespaceSelector, objectSelector }: Webhook): boolean {
  return [namespaceSelector, objectSelector].some(
    (selector) => selector !== undefined && validateLabelSelector(selector, {}, webhooksPath).length > 0,
  );
}

function toleratedOf(configuration: Readonly<Configuration>, old: Readonly<Configuration>): Tolerated {
  const before = webhooksOf(old);
  const now = webhooksOf(configuration);
  const names = before.map(({ name }) => name);
  return {
    sideEffects: before.some(({ sideEffects = '' }) => !harmlessSideEffects.includes(sideEffects)),
    reviewVersions: before.some(
      ({ admissionReviewVersions: versions = [] }) =>
        versions.length > 0 && !versions.some((each) => reviewVersions.includes(each)),
    ),
    duplicateNames: new Set(names).size < names.length,
    labelValues: before.some(hasInvalidSelector),
    matchConditions:
      now.length === before.length &&
      before.every((each, i) => semanticEqual(each.matchConditions, now[i]?.matchConditions)),
    storedExpressions: new Set(
      before.flatMap(({ matchConditions = [] }) => matchConditions.map(({ expression = '' }) => expression)),
    ),
  };
}

function validateChoice(value: string | undefined, choices: readonly string[], path: FieldPath): FieldErrors {
  return value === undefined || choices.includes(value) ? [] : [notSupported(path, value, choices)];
}

function validateWebhook(
  webhook: Readonly<Webhook>,
  tolerated: Tolerated,
  check: ExpressionCheck,
  path: FieldPath,
): FieldErrors {
  const { sideEffects, timeoutSeconds, namespaceSelector, objectSelector } = webhook;
  const effects = tolerated.sideEffects ? allSideEffects : harmlessSideEffects;
  const selectorOptions = { allowInvalidLabelValueInSelector: tolerated.labelValues };
  const errors = [
    ...isFullyQualifiedName(path.child('name'), webhook.name ?? ''),
    ...(webhook.rules ?? []).flatMap((rule, i) => validateRule(rule, path.child('rules').index(i))),
    ...validateChoice(webhook.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy')),
    ...validateChoice(webhook.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy')),
    ...validateChoice(sideEffects, effects, path.child('sideEffects')),
  ];
  if (sideEffects === undefined)
    errors.push(required(path.child('sideEffects'), `must specify one of ${effects.join(', ')}`));
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    errors.push(
      invalid(path.child('timeoutSeconds'), timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'),
    );
  }
  if (namespaceSelector !== undefined)
    errors.push(...validateLabelSelector(namespaceSelector, selectorOptions, path.child('namespaceSelector')));
  if (objectSelector !== undefined)
    errors.push(...validateLabelSelector(objectSelector, selectorOptions, path.child('objectSelector')));
  errors.push(
    ...validateChoice(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy')),
    ...validateWebhookClient(webhook.clientConfig, path.child('clientConfig')),
  );
  if (tolerated.matchConditions) return errors;
  const options = { check, hasParams: false, storedExpressions: tolerated.storedExpressions };
  return [...errors, ...validateMatchConditions(webhook.matchConditions, options, path.child('matchConditions'))];
}

function validateReviewVersions(versions: readonly string[], tolerant: boolean, path: FieldPath): FieldErrors {
  if (versions.length === 0) return [required(path, `must specify one of ${reviewVersions.join(', ')}`)];
  const errors = versions.flatMap((version, i) => {
    if (versions.indexOf(version) < i) return [invalid(path.index(i), version, 'duplicate version')];
    return isDNS1035Label(version).map((message) => invalid(path.index(i), version, message));
  });
  if (!tolerant && !versions.some((version) => reviewVersions.includes(version))) {
    errors.push(invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  }
  return errors;
}

function validateConfiguration(
  configuration: Readonly<Configuration>,
  tolerated: Tolerated,
  check: ExpressionCheck,
): FieldErrors {
  const seen = new Set<string>();
  return webhooksOf(configuration).flatMap((webhook, i) => {
    const path = webhooksPath.index(i);
    const { name = '', admissionReviewVersions = [] } = webhook;
    const errors = [
      ...validateWebhook(webhook, tolerated, check, path),
      ...validateReviewVersions(
        admissionReviewVersions,
        tolerated.reviewVersions,
        path.child('admissionReviewVersions'),
      ),
    ];
    if (!tolerated.duplicateNames && name !== '' && seen.has(name)) errors.push(duplicate(path.child('name'), name));
    seen.add(name);
    return errors;
  });
}

function configurationStrategy<T extends Configuration>(
  plural: string,
  check: ExpressionCheck,
  applyDefaults: (configuration: T) => void,
): Strategy<T> {
  return {
    resource: `${plural}.admissionregistration.k8s.io`,
    allowUnconditionalUpdate: false,
    generation: true,
    generationChanged: (configuration, old) => !semanticEqual(configuration.webhooks, old.webhooks),
    applyDefaults,
    validateCreate: (configuration) => validateConfiguration(configuration, nothingTolerated, check),
    validateUpdate: (configuration, old) =>
      validateConfiguration(configuration, toleratedOf(configuration, old), check),
    warningsOnCreate: staticSuffixWarnings,
    warningsOnUpdate: staticSuffixWarnings,
  };
}

export function validatingWebhookConfigurations(check: ExpressionCheck): Strategy<ValidatingWebhookConfiguration> {
  return configurationStrategy<ValidatingWebhookConfiguration>(
    'validatingwebhookconfigurations',
    check,
    (configuration) => {
      for (const webhook of configuration.webhooks ?? []) defaultWebhook(webhook);
    },
  );
}

export function mutatingWebhookConfigurations(check: ExpressionCheck): Strategy<MutatingWebhookConfiguration> {
  return configurationStrategy<MutatingWebhookConfiguration>(
    'mutatingwebhookconfigurations',
    check,
    (configuration) => {
      for (const webhook of configuration.webhooks ?? []) {
        defaultWebhook(webhook);
        webhook.reinvocationPolicy ??= 'Never';
      }
    },
  );
}

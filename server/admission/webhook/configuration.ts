import { goQuote } from '../../../api/go-text.ts';
import type { Api, KubeObject } from '../../../api/object.ts';
import { type LabelMatcher, labelSelectorMatcher } from '../../../api/selectors.ts';
import type { WebhookTarget } from '../../webhook/target.ts';
import { type CompiledRule, compileRule } from './rules.ts';

type MutatingWebhook = Api<'io.k8s.api.admissionregistration.v1.MutatingWebhook'>;

/** Either kind of configuration: validating webhooks only lack reinvocationPolicy. */
export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly MutatingWebhook[];
}

export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** One webhook of a configuration, made ready once for all requests. */
export interface Webhook {
  /** CONFIGURATION/NAME/OCCURRENCE. */
  readonly uid: string;
  readonly configuration: string;
  readonly name: string;
  readonly target: WebhookTarget;
  readonly rules: readonly CompiledRule[];
  readonly namespaceSelector: LabelMatcher;
  readonly objectSelector: LabelMatcher;
  readonly matchesEquivalents: boolean;
  readonly ignoresFailures: boolean;
  readonly reinvokes: boolean;
  readonly sideEffects: string | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly reviewVersions: readonly string[];
  readonly conditions: readonly MatchCondition[];
}

/** All webhooks in the order in which they are called: by the names of their configurations. */
export function compileWebhooks(configurations: readonly Readonly<WebhookConfiguration>[]): readonly Webhook[] {
  const nameOf = ({ metadata }: Readonly<WebhookConfiguration>): string => metadata?.name ?? '';
  return configurations
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .flatMap((configuration) => {
      const seen = new Map<string, number>();
      return (configuration.webhooks ?? []).map((webhook) => {
        const { name = '' } = webhook;
        const occurrence = seen.get(name) ?? 0;
        seen.set(name, occurrence + 1);
        return compileWebhook(webhook, nameOf(configuration), occurrence);
      });
    });
}

function compileWebhook(webhook: Readonly<MutatingWebhook>, configuration: string, occurrence: number): Webhook {
  const { name = '', timeoutSeconds, matchConditions = [] } = webhook;
  return {
    uid: `${configuration}/${name}/${occurrence}`,
    configuration,
    name,
    target: webhook.clientConfig as WebhookTarget,
    rules: (webhook.rules ?? []).map(compileRule),
    // Validation lets stored objects keep what is no selector any more.
    namespaceSelector: labelSelectorMatcher(webhook.namespaceSelector),
    objectSelector: labelSelectorMatcher(webhook.objectSelector),
    matchesEquivalents: webhook.matchPolicy === 'Equivalent',
    ignoresFailures: webhook.failurePolicy === 'Ignore',
    reinvokes: webhook.reinvocationPolicy === 'IfNeeded',
    sideEffects: webhook.sideEffects,
    timeoutSeconds,
    reviewVersions: webhook.admissionReviewVersions ?? [],
    conditions: matchConditions.map(({ name: conditionName = '', expression = '' }) => ({
      name: conditionName,
      expression,
    })),
  };
}

/** `admission webhook "x" ACTION`. */
export function webhookTitle({ name }: Webhook): string {
  return `admission webhook ${goQuote(name)}`;
}

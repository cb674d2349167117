import type { Api, LabelSelector } from '../object.ts';
import { age, type CellTable, cellsOf, findCondition, name } from './cell.ts';

type Webhooks = Api<'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration'>;
type ValidatingPolicy = Api<'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy'>;
type PolicyBinding = Api<'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding'>;
type MutatingPolicy = Api<'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy'>;
type FlowSchema = Api<'io.k8s.api.flowcontrol.v1.FlowSchema'>;
type PriorityLevel = Api<'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration'>;

function paramKind({ spec }: ValidatingPolicy | MutatingPolicy): string {
  if (spec?.paramKind === undefined) return '<unset>';
  return `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}`;
}

function paramRef({ spec }: PolicyBinding): string {
  const { name: param = '', namespace, selector } = spec?.paramRef ?? {};
  if (param !== '') return `${namespace || '*'}/${param}`;
  return selector === undefined ? '<unset>' : debugText(selector);
}

/** The Go debug form, which is what the column shows of a selector. */
function debugText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels).sort();
  const expressions = matchExpressions.map(({ key = '', operator = '', values = [] }) => {
    return `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`;
  });
  const labelText = labels.map((key) => `${key}: ${matchLabels[key] ?? ''},`).join('');
  const expressionText = `[]LabelSelectorRequirement{${expressions.join('')}}`;
  return `&LabelSelector{MatchLabels:map[string]string{${labelText}},MatchExpressions:${expressionText},}`;
}

const webhookCells = cellsOf<Webhooks>(name, ({ webhooks }) => webhooks?.length ?? 0, age);
const bindingCells = cellsOf<PolicyBinding>(name, ({ spec }) => spec?.policyName ?? '', paramRef, age);

function queuing({ spec }: PriorityLevel) {
  return spec?.limited?.limitResponse?.queuing;
}

/** Also priority and fairness: what decides whether a request may pass. */
export const admissionCells: CellTable = {
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhookCells,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhookCells,
  'validatingadmissionpolicies.admissionregistration.k8s.io': cellsOf<ValidatingPolicy>(
    name,
    ({ spec }) => spec?.validations?.length ?? 0,
    paramKind,
    age,
  ),
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': bindingCells,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': cellsOf<MutatingPolicy>(
    name,
    ({ spec }) => spec?.mutations?.length ?? 0,
    paramKind,
    age,
  ),
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': bindingCells,
  'flowschemas.flowcontrol.apiserver.k8s.io': cellsOf<FlowSchema>(
    name,
    ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '',
    ({ spec }) => spec?.matchingPrecedence ?? 0,
    ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>',
    age,
    ({ status }) => findCondition(status?.conditions, 'Dangling')?.status ?? '?',
  ),
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': cellsOf<PriorityLevel>(
    name,
    ({ spec }) => spec?.type ?? '',
    ({ spec }) => (spec?.limited === undefined ? '<none>' : (spec.limited.nominalConcurrencyShares ?? 0)),
    (level) => (queuing(level) === undefined ? '<none>' : (queuing(level)?.queues ?? 0)),
    (level) => (queuing(level) === undefined ? '<none>' : (queuing(level)?.handSize ?? 0)),
    (level) => (queuing(level) === undefined ? '<none>' : (queuing(level)?.queueLengthLimit ?? 0)),
    age,
  ),
};

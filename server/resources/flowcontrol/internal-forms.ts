import { type InternalShape, internalForm, internalShape } from '../core/internal-form.ts';

// How upstream's internal types print in errors.

const named = internalShape('Name:name:s');
const account = internalShape('Namespace:namespace:s Name:name:s');
const subject = internalShape(
  'Kind:kind:s',
  ['User', 'user', named, 'pointer'],
  ['Group', 'group', named, 'pointer'],
  ['ServiceAccount', 'serviceAccount', account, 'pointer'],
);
const resourceRule = internalShape(
  'Verbs:verbs:p APIGroups:apiGroups:p Resources:resources:p ClusterScope:clusterScope:b Namespaces:namespaces:p',
);
const nonResourceRule = internalShape('Verbs:verbs:p NonResourceURLs:nonResourceURLs:p');
const rule = internalShape(
  ['Subjects', 'subjects', subject, 'list'],
  ['ResourceRules', 'resourceRules', resourceRule, 'list'],
  ['NonResourceRules', 'nonResourceRules', nonResourceRule, 'list'],
);
const distinguisher = internalShape('Type:type:s');
const flowSchemaSpec = internalShape(
  ['PriorityLevelConfiguration', 'priorityLevelConfiguration', named, 'value'],
  'MatchingPrecedence:matchingPrecedence:n',
  ['DistinguisherMethod', 'distinguisherMethod', distinguisher, 'pointer'],
  ['Rules', 'rules', rule, 'list'],
);
const queuing = internalShape('Queues:queues:n HandSize:handSize:n QueueLengthLimit:queueLengthLimit:n');
const limitResponse = internalShape('Type:type:s', ['Queuing', 'queuing', queuing, 'pointer']);
const limited = internalShape(
  'NominalConcurrencyShares:nominalConcurrencyShares:n',
  ['LimitResponse', 'limitResponse', limitResponse, 'value'],
  'LendablePercent:lendablePercent:p BorrowingLimitPercent:borrowingLimitPercent:p',
);
const exempt = internalShape('NominalConcurrencyShares:nominalConcurrencyShares:p LendablePercent:lendablePercent:p');
const priorityLevelSpec = internalShape(
  'Type:type:s',
  ['Limited', 'limited', limited, 'pointer'],
  ['Exempt', 'exempt', exempt, 'pointer'],
);

function printer(shape: InternalShape): (value: unknown) => unknown {
  return (value) => internalForm(value, shape);
}

export const printedFlowSchemaSpec = printer(flowSchemaSpec);
export const printedPriorityLevelSpec = printer(priorityLevelSpec);
export const printedDistinguisher = printer(distinguisher);

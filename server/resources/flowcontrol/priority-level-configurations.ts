import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { keepStatus } from '../core/kept-fields.ts';
import { keepSpecAndMeta, validateConditionTypes } from './flow-status.ts';
import { printedPriorityLevelSpec } from './internal-forms.ts';
import { mandatoryPriorityLevels } from './mandatory.ts';
import { maxHashBits, requiredEntropyBits } from './shuffle-sharding.ts';

export type PriorityLevelConfiguration = Api<'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration'>;
type Spec = NonNullable<PriorityLevelConfiguration['spec']>;
type Limited = NonNullable<Spec['limited']>;
type Exempt = NonNullable<Spec['exempt']>;
type Queuing = NonNullable<NonNullable<Limited['limitResponse']>['queuing']>;

const specPath = FieldPath.of('spec');
const maxQueues = 10_000_000;
const preserveZeroShares = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

function applyDefaults(level: PriorityLevelConfiguration): void {
  level.spec ??= {};
  const { exempt, limited } = level.spec;
  if (exempt !== undefined) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (limited === undefined) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

function validateQueuing(queuing: Readonly<Queuing>, path: FieldPath): FieldErrors {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const errors: FieldErrors = [];
  if (queueLengthLimit <= 0) errors.push(invalid(path.child('queueLengthLimit'), queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalid(path.child('queues'), queues, 'must be positive'));
  else if (queues > maxQueues)
    errors.push(invalid(path.child('queues'), queues, `must not be greater than ${maxQueues}`));
  const handPath = path.child('handSize');
  if (handSize <= 0) errors.push(invalid(handPath, handSize, 'must be positive'));
  else if (handSize > queues) errors.push(invalid(handPath, handSize, `should not be greater than queues (${queues})`));
  else if (requiredEntropyBits(queues, handSize) > maxHashBits) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`;
    errors.push(invalid(handPath, handSize, detail));
  }
  return errors;
}

function validateLimitResponse(response: NonNullable<Limited['limitResponse']>, path: FieldPath): FieldErrors {
  const { type = '', queuing } = response;
  const at = path.child('queuing');
  switch (type) {
    case 'Reject':
      return queuing === undefined ? [] : [forbidden(at, 'must be nil if limited.limitResponse.type is not Limited')];
    case 'Queue':
      if (queuing === undefined) return [required(at, 'must not be empty if limited.limitResponse.type is Limited')];
      return validateQueuing(queuing, at);
    case '':
      return [required(path.child('type'))];
    default:
      return [notSupported(path.child('type'), type, ['Queue', 'Reject'])];
  }
}

function validateShares(part: Readonly<Limited | Exempt>, path: FieldPath): FieldErrors {
  const shares = part.nominalConcurrencyShares ?? 0;
  return shares < 0 ? [invalid(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer')] : [];
}

function validateLendable(part: Readonly<Limited | Exempt>, path: FieldPath): FieldErrors {
  const percent = part.lendablePercent ?? 0;
  const isPercent = percent >= 0 && percent <= 100;
  return isPercent ? [] : [invalid(path.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive')];
}

function validateLimited(limited: Readonly<Limited>, path: FieldPath): FieldErrors {
  const { limitResponse = {}, borrowingLimitPercent: borrowing = 0 } = limited;
  const errors = [
    ...validateShares(limited, path),
    ...validateLimitResponse(limitResponse, path.child('limitResponse')),
    ...validateLendable(limited, path),
  ];
  if (borrowing < 0)
    errors.push(
      invalid(path.child('borrowingLimitPercent'), borrowing, 'if specified, must be a non-negative integer'),
    );
  return errors;
}

function validateSpec(name: string, spec: Readonly<Spec>): FieldErrors {
  const { type = '', limited, exempt } = spec;
  const errors: FieldErrors = [];
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid(specPath.child('type'), type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  switch (type) {
    case 'Exempt':
      if (limited !== undefined)
        errors.push(forbidden(specPath.child('limited'), 'must be nil if the type is not Limited'));
      if (exempt !== undefined)
        errors.push(
          ...validateShares(exempt, specPath.child('exempt')),
          ...validateLendable(exempt, specPath.child('exempt')),
        );
      break;
    case 'Limited':
      if (exempt !== undefined) errors.push(forbidden(specPath.child('exempt'), 'must be nil if the type is Limited'));
      if (limited === undefined)
        errors.push(required(specPath.child('limited'), 'must not be empty when type is Limited'));
      else errors.push(...validateLimited(limited, specPath.child('limited')));
      break;
    case '':
      errors.push(required(specPath.child('type')));
      break;
    default:
      errors.push(notSupported(specPath.child('type'), type, ['Exempt', 'Limited']));
  }
  return errors;
}

function validateMandatory(name: string, spec: Readonly<Spec>): FieldErrors {
  const fixed = mandatoryPriorityLevels[name];
  if (fixed === undefined) return [];
  const compared = name === 'exempt' ? { ...spec, exempt: fixed.exempt } : spec;
  if (semanticEqual(compared, fixed)) return [];
  const except = name === 'exempt' ? " except the 'spec.exempt' field" : '';
  return [invalid(specPath, printedPriorityLevelSpec(spec), `spec of '${name}'${except} must equal the fixed value`)];
}

function validate(level: Readonly<PriorityLevelConfiguration>): FieldErrors {
  const name = level.metadata?.name ?? '';
  const errors: FieldErrors = [];
  if (level.metadata?.annotations?.[preserveZeroShares] !== undefined) {
    errors.push(forbidden(FieldPath.of('metadata', 'annotations'), `annotation '${preserveZeroShares}' is forbidden`));
  }
  const spec = level.spec ?? {};
  return [...errors, ...validateSpec(name, spec), ...validateMandatory(name, spec), ...validateConditionTypes(level)];
}

export const priorityLevelConfigurations: Strategy<PriorityLevelConfiguration> = {
  resource: 'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
  generation: true,
  applyDefaults,
  prepareForCreate(level) {
    level.status = {};
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  subresources: { status: { prepareForUpdate: keepSpecAndMeta, validateUpdate: validateConditionTypes } },
};

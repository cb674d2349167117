import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { keepStatus } from '../core/kept-fields.ts';
import { validateFlowSchemaRule } from './flow-schema-rules.ts';
import { keepSpecAndMeta, validateConditionTypes } from './flow-status.ts';
import { printedDistinguisher, printedFlowSchemaSpec } from './internal-forms.ts';
import { mandatoryFlowSchemas } from './mandatory.ts';

export type FlowSchema = Api<'io.k8s.api.flowcontrol.v1.FlowSchema'>;
type FlowSchemaSpec = NonNullable<FlowSchema['spec']>;

const specPath = FieldPath.of('spec');
const maxPrecedence = 10000;

function validatePrecedence(name: string, precedence: number): FieldErrors {
  const path = specPath.child('matchingPrecedence');
  const errors: FieldErrors = [];
  if (precedence <= 0) errors.push(invalid(path, precedence, 'must be a positive value'));
  if (precedence > maxPrecedence) errors.push(invalid(path, precedence, `must not be greater than ${maxPrecedence}`));
  if (precedence === 1 && name !== 'exempt') {
    errors.push(invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  return errors;
}

function validateSpec(name: string, spec: Readonly<FlowSchemaSpec>): FieldErrors {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = spec;
  const errors = validatePrecedence(name, matchingPrecedence);
  if (distinguisherMethod !== undefined && !['ByNamespace', 'ByUser'].includes(distinguisherMethod.type ?? '')) {
    const path = specPath.child('distinguisherMethod', 'type');
    errors.push(notSupported(path, printedDistinguisher(distinguisherMethod), ['ByNamespace', 'ByUser']));
  }
  const level = priorityLevelConfiguration?.name ?? '';
  const levelPath = specPath.child('priorityLevelConfiguration', 'name');
  if (level === '') errors.push(required(levelPath, 'must reference a priority level'));
  else for (const message of nameIsDNSSubdomain(level, false)) errors.push(invalid(levelPath, level, message));
  return [...errors, ...rules.flatMap((rule, i) => validateFlowSchemaRule(rule, specPath.child('rules').index(i)))];
}

function validate(flowSchema: Readonly<FlowSchema>): FieldErrors {
  const name = flowSchema.metadata?.name ?? '';
  const spec = flowSchema.spec ?? {};
  const errors = validateSpec(name, spec);
  const fixed = mandatoryFlowSchemas[name];
  if (fixed !== undefined && !semanticEqual(spec, fixed)) {
    errors.push(invalid(specPath, printedFlowSchemaSpec(spec), `spec of '${name}' must equal the fixed value`));
  }
  return [...errors, ...validateConditionTypes(flowSchema)];
}

export const flowSchemas: Strategy<FlowSchema> = {
  resource: 'flowschemas.flowcontrol.apiserver.k8s.io',
  generation: true,
  applyDefaults(flowSchema) {
    flowSchema.spec ??= {};
    flowSchema.spec.matchingPrecedence ||= 1000;
  },
  prepareForCreate(flowSchema) {
    flowSchema.status = {};
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  subresources: { status: { prepareForUpdate: keepSpecAndMeta, validateUpdate: validateConditionTypes } },
};

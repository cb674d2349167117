import type { Environment, Program } from '../../cel/environment.ts';
import { type SchemaTypes, schemaTypes } from '../../cel/schema-types.ts';
import { boolType, optionalType, sameType, stringType } from '../../cel/types.ts';
import type { JsonSchema } from '../json-schema.ts';
import { type Rule, rulesOf } from './rule.ts';
import { ruleFieldPath } from './rule-field-path.ts';

export interface CompiledRule {
  readonly rule: Rule;
  /** Absent for a rule without text, or with an error. */
  readonly program?: Program;
  /** What clients are told of a rule that is none. */
  readonly error?: string;
  readonly usesOldSelf: boolean;
  readonly message?: Program;
  readonly messageError?: string;
  /** Where the error stands, below the object that the rule is about. */
  readonly fieldPath: string;
}

/** How expressions see a schema; undefined when they cannot. */
export function typesOfSchema(schema: JsonSchema, isResource: boolean): SchemaTypes | undefined {
  return schemaTypes(schema, { name: 'selfType', isResourceRoot: isResource });
}

type Part = { readonly program: Program } | { readonly error: string };

function compilePart(environment: Environment, text: string, isMessage: boolean): Part {
  const { program, issues } = environment.compile(text);
  if (program === undefined) return { error: `${isMessage ? 'messageExpression ' : ''}compilation failed: ${issues}` };
  if (!sameType(program.outputType, isMessage ? stringType : boolType))
    return {
      error: isMessage ? 'messageExpression must evaluate to a string' : 'cel expression must evaluate to a bool',
    };
  const problem = program.programError();
  if (problem === undefined) return { program };
  return { error: `${isMessage ? 'messageExpression' : 'program'} instantiation failed: ${problem}` };
}

function compileRule(base: Environment, rule: Rule, schema: JsonSchema, types: SchemaTypes): CompiledRule {
  const { rule: text = '', messageExpression = '', optionalOldSelf = false, fieldPath = '' } = rule;
  if (text.trim() === '') return { rule, usesOldSelf: false, fieldPath: '' };
  const environment = base.extend({
    variables: { self: types.type, oldSelf: optionalOldSelf ? optionalType(types.type) : types.type },
    provider: types.provider,
  });
  const part = compilePart(environment, text, false);
  // Upstream learns what a rule uses before it may fail to become a program.
  if ('error' in part) return { rule, error: part.error, usesOldSelf: false, fieldPath: '' };
  const compiled = { rule, program: part.program, usesOldSelf: part.program.uses('oldSelf') };
  const message = messageExpression === '' ? undefined : compilePart(environment, messageExpression, true);
  if (message !== undefined && 'error' in message) return { ...compiled, messageError: message.error, fieldPath: '' };
  const path = fieldPath === '' ? undefined : ruleFieldPath(fieldPath, schema);
  return { ...compiled, ...(message && { message: message.program }), fieldPath: path?.toString() ?? '' };
}

/** The rules that stand at one schema, not those of its parts. */
export function compileRules(environment: Environment, schema: JsonSchema, types: SchemaTypes): CompiledRule[] {
  return rulesOf(schema).map((rule) => compileRule(environment, rule, schema, types));
}

import { defaultErrors } from '../../../api/structural/definition-defaults.ts';
import type { DecodeMetadata } from '../../../api/structural/embedded.ts';
import type { RuleCompiler } from '../../../api/structural/rules/rule-check.ts';
import { nodeOf } from '../../../api/structural/structural.ts';
import type { SchemaCheck } from './definition-validation.ts';

const untyped: DecodeMetadata = (metadata) => ({ object: metadata as Record<string, unknown>, unknown: [] });

/** Checks the defaults and rules of structural schemas; without a compiler those that have no rules. */
export function createDefinitionCheck(
  decodeMetadata: DecodeMetadata = untyped,
  compiler: RuleCompiler | undefined = undefined,
): SchemaCheck {
  return (schema, path, found) => {
    const root = nodeOf(schema);
    const defaults = defaultErrors(root, path, { decodeMetadata, compiler });
    const hasRules = defaults.length === 0 && root.has.rules && compiler !== undefined;
    return { defaults, rules: hasRules ? compiler.check(schema, path, found) : [] };
  };
}

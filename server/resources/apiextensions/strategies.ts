import type { DecodeMetadata } from '../../../api/structural/embedded.ts';
import { schemasWithin } from '../../../api/structural/json-schema.ts';
import { rulesOf } from '../../../api/structural/rules/rule.ts';
import type { RuleCompiler } from '../../../api/structural/rules/rule-check.ts';
import type { AnyStrategy, StrategyDeps } from '../../registry/strategy.ts';
import { customResourceDefinitions } from './custom-resource-definitions.ts';
import { type CustomResourceDefinition, schemaOf } from './definition-types.ts';
import type { SchemaCheck } from './definition-validation.ts';

type DefinitionCheck = (decodeMetadata: DecodeMetadata | undefined, compiler: RuleCompiler | undefined) => SchemaCheck;

/** What checks further is loaded when a schema comes that has defaults or rules; the compiler of rules for rules alone. */
export interface DefinitionCheckLoader {
  check(): Promise<DefinitionCheck>;
  compiler(): Promise<RuleCompiler>;
}

function needs(definition: Readonly<CustomResourceDefinition>): {
  readonly check: boolean;
  readonly compiler: boolean;
} {
  let check = false;
  for (const version of definition.spec?.versions ?? []) {
    for (const schema of schemasWithin(schemaOf(version))) {
      if (rulesOf(schema).length > 0) return { check: true, compiler: true };
      check ||= schema.default !== undefined;
    }
  }
  return { check, compiler: false };
}

const nothing = { defaults: [], rules: [] };

/** The group's strategies with what checks defaults and rules of schemas. */
export function createApiextensionsStrategies(loader: DefinitionCheckLoader): readonly AnyStrategy[] {
  let create: DefinitionCheck | undefined;
  let compiler: RuleCompiler | undefined;
  let check: SchemaCheck = () => nothing;
  const strategy = customResourceDefinitions((schema, path, found) => check(schema, path, found));
  const prepare = async (definition: Readonly<CustomResourceDefinition>, deps: StrategyDeps): Promise<void> => {
    const needed = needs(definition);
    if (!needed.check || (compiler !== undefined && create !== undefined)) return;
    create ??= await loader.check();
    if (needed.compiler) compiler ??= await loader.compiler();
    check = create(deps.decodeMetadata, compiler);
  };
  const { beginCreate, beginUpdate } = strategy;
  return [
    {
      ...strategy,
      async beginCreate(definition, deps, dryRun) {
        await prepare(definition, deps);
        return beginCreate?.(definition, deps, dryRun);
      },
      async beginUpdate(definition, old, deps, dryRun) {
        await prepare(definition, deps);
        return beginUpdate?.(definition, old, deps, dryRun);
      },
    },
  ];
}

export const apiextensionsStrategies = createApiextensionsStrategies({
  check: async () => (await import('./definition-check.ts')).createDefinitionCheck,
  compiler: async () => (await import('../../../api/structural/rules/rule-check.ts')).createRuleCompiler(),
});

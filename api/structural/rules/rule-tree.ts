import type { Environment } from '../../cel/environment.ts';
import { createValueView } from '../../cel/runtime/typed-values.ts';
import type { Node } from '../structural.ts';
import { compileRules, typesOfSchema } from './compile-rules.ts';
import type { RuleNode } from './evaluate-rules.ts';

/** Compiles the rules of a schema and of all its parts; undefined where there are none that an expression could see. */
export function compileRuleTree(environment: Environment, node: Node, isResource: boolean): RuleNode | undefined {
  if (!node.has.rules) return undefined;
  const types = typesOfSchema(node.schema, isResource);
  if (types === undefined) return undefined;
  const inner = (child: Node | undefined) =>
    child === undefined ? undefined : compileRuleTree(environment, child, child.isEmbedded);
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of node.properties) {
    const tree = inner(property);
    if (tree !== undefined) properties.set(name, tree);
  }
  return {
    node,
    view: createValueView(node.schema, isResource),
    rules: compileRules(environment, node.schema, types),
    properties,
    additional: node.additional === true ? undefined : inner(node.additional),
    items: inner(node.items),
  };
}

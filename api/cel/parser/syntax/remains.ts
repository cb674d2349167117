import { type Expr, operators } from '../../ast.ts';
import { nowhere } from '../../source.ts';
import type { Token, TokenType } from '../lexer.ts';
import { products, relations, sums } from '../operator-names.ts';
import { atHeight, type Building, type CallParts, makeCall, makeLiteral } from '../parsing.ts';
import { reservedNames } from '../reserved-names.ts';
import type { RuleName } from './grammar.ts';
import type { Tree } from './recovery.ts';

/**
 * Makes an expression of what could be read of a broken one, for what is said on the way: names that are reserved,
 * literals without a value, macros that cannot take what they got. The expression is of no use.
 */
export function makeRemains(building: Building, tree: Tree | undefined): Expr {
  if (tree === undefined) return missing(building);
  switch (tree.rule) {
    case 'start':
    case 'optExpr':
      return makeRemains(building, subtree(tree, 0, 'expr') ?? subtree(tree, 0, 'start'));
    case 'expr':
      return conditional(building, tree);
    case 'conditionalOr':
      return logic(building, tree, operators.or);
    case 'conditionalAnd':
      return logic(building, tree, operators.and);
    case 'relation':
    case 'calc':
      return binary(building, tree);
    case 'unary':
      return unary(building, tree);
    case 'member':
      return member(building, tree);
    case 'primary':
      return primary(building, tree);
    case 'literal':
      return literal(building, tree);
    default:
      return missing(building);
  }
}

function isTree(child: Token | Tree): child is Tree {
  return 'rule' in child;
}

function subtrees(tree: Tree | undefined): readonly Tree[] {
  return tree?.children.filter(isTree) ?? [];
}

function subtree(tree: Tree, index: number, rule?: RuleName): Tree | undefined {
  return subtrees(tree).filter((each) => rule === undefined || each.rule === rule)[index];
}

function tokensOf(tree: Tree, ...types: TokenType[]): readonly Token[] {
  return tree.children.filter((child): child is Token => !isTree(child) && types.includes(child.type));
}

function missing({ build }: Building, offset = nowhere): Expr {
  return build.constant(offset, { type: 'null', value: null });
}

function each(building: Building, trees: readonly Tree[]): Expr[] {
  return trees.map((tree) => makeRemains(building, tree));
}

function conditional(building: Building, tree: Tree): Expr {
  const condition = makeRemains(building, subtree(tree, 0));
  const [question] = tokensOf(tree, "'?'");
  if (question === undefined) return condition;
  const args = [condition, makeRemains(building, subtree(tree, 1)), makeRemains(building, subtree(tree, 0, 'expr'))];
  return makeCall(building, { offset: question.offset, name: operators.conditional, args, counted: 1 });
}

function logic(building: Building, tree: Tree, name: string): Expr {
  const terms = each(building, subtrees(tree));
  const [first] = terms;
  if (first === undefined) return missing(building);
  if (terms.length === 1) return first;
  return atHeight(building, building.build.call(tree.first.offset, name, terms), terms, 0);
}

const binaryNames: Partial<Record<TokenType, string>> = { ...relations, ...sums, ...products };

function binary(building: Building, tree: Tree): Expr {
  const [first, ...steps] = subtrees(tree);
  let left = makeRemains(building, first);
  for (const step of steps) {
    const operator = step.children.find((child): child is Token => !isTree(child));
    const name = operator && binaryNames[operator.type];
    if (operator === undefined || name === undefined) continue;
    const args = [left, makeRemains(building, subtree(step, 0))];
    left = makeCall(building, { offset: operator.offset, name, args, counted: 1 });
  }
  return left;
}

function unary(building: Building, tree: Tree): Expr {
  const { build } = building;
  if (tree.chosen === 0) return build.constant(tree.first.offset, { type: 'string', value: '<<error>>' });
  const operand = makeRemains(building, subtree(tree, 0));
  const signs = tokensOf(tree, "'!'", "'-'");
  const [sign] = signs;
  if (sign === undefined || signs.length % 2 === 0) return operand;
  const name = tree.chosen === 2 ? operators.not : operators.negate;
  return atHeight(building, build.call(sign.offset, name, [operand]), [operand], 0);
}

function member(building: Building, tree: Tree): Expr {
  const [first, ...steps] = subtrees(tree);
  let expr = makeRemains(building, first);
  for (const step of steps) expr = memberStep(building, expr, step, tree.first.offset);
  return expr;
}

function memberStep(building: Building, operand: Expr, step: Tree, start: number): Expr {
  const [opening] = tokensOf(step, "'.'", "'['");
  if (opening === undefined) return operand;
  const isOptional = tokensOf(step, "'?'").length > 0;
  switch (step.chosen) {
    case 1:
      return selection(building, operand, step, { opening, isOptional, start });
    case 2: {
      const [name] = tokensOf(step, 'IDENTIFIER');
      const [open] = tokensOf(step, "'('");
      if (name === undefined || open === undefined) return missing(building, start);
      const args = argumentsOf(building, step);
      return makeCall(building, { offset: open.offset, name: name.text, args, target: operand, counted: 1 });
    }
    default: {
      const name = isOptional ? operators.optIndex : operators.index;
      const args = [operand, makeRemains(building, subtree(step, 0))];
      return makeCall(building, { offset: opening.offset, name, args, counted: 1 });
    }
  }
}

interface Selection {
  readonly opening: Token;
  readonly isOptional: boolean;
  readonly start: number;
}

function selection(building: Building, operand: Expr, step: Tree, { opening, isOptional, start }: Selection): Expr {
  const { build } = building;
  const name = subtree(step, 0, 'escapeIdent');
  if (name === undefined) return missing(building, start);
  const field = nameOf(building, name, name.first.offset);
  if (!isOptional) return atHeight(building, build.select(opening.offset, operand, field), [operand], 1);
  const constant = build.constant(name.first.offset, { type: 'string', value: field });
  return atHeight(building, build.call(opening.offset, operators.optSelect, [operand, constant]), [operand], 1);
}

function nameOf({ issues }: Building, tree: Tree | undefined, offset: number): string {
  const [name] = tree === undefined ? [] : tokensOf(tree, 'IDENTIFIER', 'ESC_IDENTIFIER');
  if (name === undefined) issues.push({ offset, message: 'unsupported ident kind' });
  else if (name.type === 'ESC_IDENTIFIER') issues.push({ offset, message: "unsupported syntax: '`'" });
  return name?.text ?? '';
}

function argumentsOf(building: Building, tree: Tree): Expr[] {
  return each(building, subtrees(subtree(tree, 0, 'exprList')));
}

function primary(building: Building, tree: Tree): Expr {
  switch (tree.chosen) {
    case 1:
    case 2:
      return named(building, tree);
    case 3:
      return makeRemains(building, subtree(tree, 0));
    case 4:
      return list(building, tree);
    case 5:
      return map(building, tree);
    case 6:
      return message(building, tree);
    case 7:
      return makeRemains(building, subtree(tree, 0));
    default:
      return missing(building);
  }
}

function named(building: Building, tree: Tree): Expr {
  const [name] = tokensOf(tree, 'IDENTIFIER');
  if (name === undefined) return missing(building, tree.first.offset);
  if (reservedNames.has(name.text)) {
    building.issues.push({ offset: tree.first.offset, message: `reserved identifier: ${name.text}` });
    return missing(building, tree.first.offset);
  }
  const text = tokensOf(tree, "'.'").length > 0 ? `.${name.text}` : name.text;
  const [open] = tokensOf(tree, "'('");
  if (open === undefined) return building.build.ident(name.offset, text);
  const call: CallParts = { offset: open.offset, name: text, args: argumentsOf(building, tree), counted: 0 };
  return makeCall(building, call);
}

function list(building: Building, tree: Tree): Expr {
  const elements = each(building, subtrees(subtree(tree, 0, 'listInit')));
  return atHeight(building, building.build.list(tree.first.offset, elements), elements, 0);
}

function map(building: Building, tree: Tree): Expr {
  const parts = each(building, entriesOf(subtree(tree, 0, 'mapInitializerList')));
  return atHeight(building, building.build.map(tree.first.offset, []), parts, 0);
}

/** Keys and values in turn, up to the last that is whole; of entries without all of their parts nothing is looked at. */
function entriesOf(tree: Tree | undefined): readonly Tree[] {
  if (tree === undefined) return [];
  const parts = subtrees(tree);
  const colons = tokensOf(tree, "':'").length;
  return parts.slice(0, 2 * colons);
}

function message(building: Building, tree: Tree): Expr {
  const { build } = building;
  const fields = subtree(tree, 0, 'fieldInitializerList');
  const [open] = tokensOf(tree, "'{'");
  const values: Expr[] = [];
  if (fields !== undefined) {
    const parts = entriesOf(fields);
    for (let index = 0; index < parts.length; index += 2) {
      const name = parts[index] && subtree(parts[index] as Tree, 0, 'escapeIdent');
      nameOf(building, name, fields.first.offset);
      values.push(makeRemains(building, parts[index + 1]));
    }
  }
  return atHeight(building, build.struct(open?.offset ?? tree.first.offset, '', []), values, 0);
}

function literal(building: Building, tree: Tree): Expr {
  const token = tree.children.findLast((child): child is Token => !isTree(child));
  if (token === undefined || token.type === "'-'") return missing(building, tree.first.offset);
  return makeLiteral(building, tree.first.offset, token, token !== tree.first && tree.first.type === "'-'");
}

import { type Expr, operators } from '../ast.ts';
import {
  allParts,
  existsOneParts,
  existsParts,
  type FoldParts,
  fold,
  type Macro,
  type MacroCall,
  nodesAt,
} from './macros.ts';

/** Macros over index and element or key and value; the last argument is the result, of four the third a filter. */
export const twoVariableMacros: readonly (readonly [string, Macro])[] = [
  ['all:3:true', (call) => fold(call, 2, allParts)],
  ['exists:3:true', (call) => fold(call, 2, existsParts)],
  ['existsOne:3:true', (call) => fold(call, 2, existsOneParts)],
  ['exists_one:3:true', (call) => fold(call, 2, existsOneParts)],
  ...['transformList:3:true', 'transformList:4:true'].map((key): readonly [string, Macro] => [
    key,
    (call) => fold(call, 2, listParts),
  ]),
  ...['transformMap:3:true', 'transformMap:4:true'].map((key): readonly [string, Macro] => [
    key,
    (call) => fold(call, 2, mapParts),
  ]),
  ...['transformMapEntry:3:true', 'transformMapEntry:4:true'].map((key): readonly [string, Macro] => [
    key,
    (call) => fold(call, 2, entryParts),
  ]),
];

const mapInsert = 'cel.@mapInsert';

function listParts(call: MacroCall): FoldParts {
  const at = nodesAt(call);
  return transform(call, at.list(), (value) => at.call(operators.add, at.accu(), at.list(value)));
}

function mapParts(call: MacroCall): FoldParts {
  const at = nodesAt(call);
  const key = call.args[0];
  const name = key?.kind === 'ident' ? key.name : '';
  return transform(call, emptyMap(call), (value) => at.call(mapInsert, at.accu(), at.ident(name), value));
}

function entryParts(call: MacroCall): FoldParts {
  const at = nodesAt(call);
  return transform(call, emptyMap(call), (value) => at.call(mapInsert, at.accu(), value));
}

function emptyMap({ build, offset }: MacroCall): Expr {
  return build.map(offset, []);
}

function transform(call: MacroCall, accuInit: Expr, insert: (value: Expr) => Expr): FoldParts {
  const at = nodesAt(call);
  const [, , third, fourth] = call.args;
  if (third === undefined) throw new Error('a macro is found by its number of arguments');
  const loopStep =
    fourth === undefined ? insert(third) : at.call(operators.conditional, third, insert(fourth), at.accu());
  return { accuInit, loopCondition: at.bool(true), loopStep, result: at.accu() };
}

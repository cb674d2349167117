import type { CheckedAst, Expr } from '../ast.ts';
import type { Issue } from '../source.ts';
import { dynType, type TypeKind } from '../types.ts';

/** Checks `'literal'.format([literal])` before it runs: its clauses against the types of the list. */
export function formatCallIssues(ast: CheckedAst, expr: Expr): Issue[] {
  if (expr.kind !== 'call' || expr.name !== 'format' || expr.target?.kind !== 'const') return [];
  const [list] = expr.args;
  if (expr.target.constant.type !== 'string' || list?.kind !== 'list') return [];
  const { elements } = list;
  let used = 0;
  try {
    for (const clause of clausesOf(expr.target.constant.value, elements.length)) {
      const element = elements[used++];
      if (element !== undefined) checkClause(ast, element, clause);
    }
  } catch (error) {
    if (!(error instanceof FormatIssue)) throw error;
    return [{ offset: error.offset ?? expr.offset, message: error.message }];
  }
  if (elements.length <= used) return [];
  const message = `too many arguments supplied to string.format (expected ${used}, got ${elements.length})`;
  return [{ offset: expr.offset, message }];
}

class FormatIssue extends Error {
  override readonly name = 'FormatIssue';
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

function* clausesOf(format: string, available: number): Generator<string> {
  let index = 0;
  for (let at = format.indexOf('%'); at >= 0; at = format.indexOf('%', at)) {
    if (format[at + 1] === '%') {
      at += 2;
      continue;
    }
    if (at + 1 >= format.length) throw new FormatIssue('unexpected end of string');
    if (index >= available) throw new FormatIssue(`index ${index} out of range`);
    const [text, clause] = clauseAt(format.slice(at + 1));
    yield clause;
    index++;
    at += 1 + text.length;
  }
}

function clauseAt(text: string): readonly [string, string] {
  const problem = (message: string) => new FormatIssue(`could not parse formatting clause: ${message}`);
  const precision = /^\.([0-9]*)/.exec(text);
  const after = precision === null ? 0 : precision[0].length;
  if (precision !== null && after >= text.length) {
    throw problem('error while parsing precision: could not find end of precision specifier');
  }
  if (precision?.[1] === '') {
    throw problem(
      'error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax',
    );
  }
  const clause = text[after] ?? '';
  if (!/[sdfebxXo]/.test(clause)) throw problem(`unrecognized formatting clause "${clause}"`);
  return [text.slice(0, after + 1), clause.toLowerCase()];
}

const clauses: Readonly<Record<string, readonly [readonly TypeKind[], string]>> = {
  d: [['int', 'uint'], 'decimal clause can only be used on integers'],
  f: [['double', 'string'], 'fixed-point clause can only be used on doubles'],
  e: [['double', 'string'], 'scientific clause can only be used on doubles'],
  b: [['int', 'uint', 'bool'], 'only integers and bools can be formatted as binary'],
  x: [['int', 'uint', 'string', 'bytes'], 'only integers, byte buffers, and strings can be formatted as hex'],
  o: [['int', 'uint'], 'octal clause can only be used on integers'],
};
const stringKinds: readonly TypeKind[] = [
  'list',
  'map',
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'timestamp',
  'bytes',
  'duration',
  'type',
  'null',
];
const stringMessage =
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps';

function checkClause(ast: CheckedAst, element: Expr, clause: string): void {
  const rule = clauses[clause];
  if (rule === undefined) checkPrintable(ast, element);
  else checkKind(ast, element, ...rule);
}

/** Literals inside literals are checked too. */
function checkPrintable(ast: CheckedAst, element: Expr): void {
  checkKind(ast, element, stringKinds, stringMessage);
  if (element.kind === 'list') for (const each of element.elements) checkPrintable(ast, each);
  if (element.kind !== 'map') return;
  for (const { key, value } of element.entries) {
    checkPrintable(ast, key);
    checkPrintable(ast, value);
  }
}

function checkKind(ast: CheckedAst, element: Expr, kinds: readonly TypeKind[], message: string): void {
  const type = ast.types.get(element.id) ?? dynType;
  if (type.kind === 'dyn' || kinds.includes(type.kind)) return;
  throw new FormatIssue(`error during formatting: ${message}, was given ${type.name}`, element.offset);
}

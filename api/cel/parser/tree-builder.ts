import type { CallExpr, ComprehensionExpr, Constant, Expr, MapEntry, StructField } from '../ast.ts';

/** Makes nodes with fresh ids. */
export interface TreeBuilder {
  constant(offset: number, constant: Constant): Expr;
  ident(offset: number, name: string): Expr;
  select(offset: number, operand: Expr, field: string, testOnly?: boolean): Expr;
  call(offset: number, name: string, args: readonly Expr[], target?: Expr): Expr;
  list(offset: number, elements: readonly Expr[], optionalIndices?: readonly number[]): Expr;
  map(offset: number, entries: readonly MapEntry[]): Expr;
  mapEntry(offset: number, key: Expr, value: Expr, optional: boolean): MapEntry;
  struct(offset: number, typeName: string, fields: readonly StructField[]): Expr;
  structField(offset: number, name: string, value: Expr, optional: boolean): StructField;
  comprehension(offset: number, parts: ComprehensionParts): Expr;
  /** The same tree with ids of its own: a macro may use an argument twice. */
  copy(expr: Expr): Expr;
}

export type ComprehensionParts = Omit<ComprehensionExpr, 'id' | 'offset' | 'kind'>;

export function treeBuilder(): TreeBuilder {
  let lastId = 0;
  const node = (offset: number) => ({ id: ++lastId, offset });
  const copy = (expr: Expr): Expr => ({ ...mapChildren(expr, copy, node), ...node(expr.offset) });
  return {
    constant: (offset, constant) => ({ ...node(offset), kind: 'const', constant }),
    ident: (offset, name) => ({ ...node(offset), kind: 'ident', name }),
    select: (offset, operand, field, testOnly = false) => {
      return { ...node(offset), kind: 'select', operand, field, testOnly };
    },
    call: (offset, name, args, target) => {
      const call: CallExpr = { ...node(offset), kind: 'call', name, args };
      return target === undefined ? call : { ...call, target };
    },
    list: (offset, elements, optionalIndices = []) => {
      return { ...node(offset), kind: 'list', elements, optionalIndices };
    },
    map: (offset, entries) => ({ ...node(offset), kind: 'map', entries }),
    mapEntry: (offset, key, value, optional) => ({ ...node(offset), key, value, optional }),
    struct: (offset, typeName, fields) => ({ ...node(offset), kind: 'struct', typeName, fields }),
    structField: (offset, name, value, optional) => ({ ...node(offset), name, value, optional }),
    comprehension: (offset, parts) => ({ ...node(offset), kind: 'comprehension', ...parts }),
    copy,
  };
}

type FreshNode = (offset: number) => { id: number; offset: number };

function mapChildren(expr: Expr, each: (child: Expr) => Expr, node: FreshNode): Expr {
  switch (expr.kind) {
    case 'const':
    case 'ident':
      return expr;
    case 'select':
      return { ...expr, operand: each(expr.operand) };
    case 'call': {
      const args = expr.args.map(each);
      return expr.target === undefined ? { ...expr, args } : { ...expr, args, target: each(expr.target) };
    }
    case 'list':
      return { ...expr, elements: expr.elements.map(each) };
    case 'map':
      return {
        ...expr,
        entries: expr.entries.map((entry) => {
          const key = each(entry.key);
          return { ...entry, ...node(entry.offset), key, value: each(entry.value) };
        }),
      };
    case 'struct':
      return {
        ...expr,
        fields: expr.fields.map((field) => {
          return { ...field, ...node(field.offset), value: each(field.value) };
        }),
      };
    case 'comprehension':
      return {
        ...expr,
        iterRange: each(expr.iterRange),
        accuInit: each(expr.accuInit),
        loopCondition: each(expr.loopCondition),
        loopStep: each(expr.loopStep),
        result: each(expr.result),
      };
  }
}

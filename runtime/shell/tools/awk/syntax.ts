export type Expr =
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'string'; readonly value: string }
  | { readonly is: 'regex'; readonly source: string }
  | { readonly is: 'variable'; readonly name: string }
  | { readonly is: 'element'; readonly name: string; readonly index: readonly Expr[] }
  | { readonly is: 'field'; readonly index: Expr }
  | { readonly is: 'assign'; readonly target: Expr; readonly operator: string; readonly value: Expr }
  | { readonly is: 'step'; readonly target: Expr; readonly by: 1 | -1; readonly isAfter: boolean }
  | { readonly is: 'unary'; readonly operator: string; readonly value: Expr }
  | { readonly is: 'binary'; readonly operator: string; readonly left: Expr; readonly right: Expr }
  | { readonly is: 'choice'; readonly condition: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly is: 'in'; readonly index: readonly Expr[]; readonly name: string }
  | { readonly is: 'match'; readonly isNegated: boolean; readonly text: Expr; readonly pattern: Expr }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly Expr[]; readonly isOwn: boolean }
  | {
      readonly is: 'getline';
      readonly target: Expr | undefined;
      readonly from: Expr | undefined;
      readonly isCommand: boolean;
    }
  | { readonly is: 'group'; readonly values: readonly Expr[] };

export interface Redirect {
  readonly operator: '>' | '>>' | '|';
  readonly target: Expr;
}

export type Statement =
  | { readonly is: 'expression'; readonly value: Expr }
  | {
      readonly is: 'print';
      readonly isFormatted: boolean;
      readonly args: readonly Expr[];
      readonly redirect: Redirect | undefined;
    }
  | { readonly is: 'block'; readonly body: readonly Statement[] }
  | { readonly is: 'if'; readonly condition: Expr; readonly yes: Statement; readonly no: Statement | undefined }
  | { readonly is: 'while'; readonly condition: Expr; readonly body: Statement; readonly isAfter: boolean }
  | {
      readonly is: 'for';
      readonly start: Statement | undefined;
      readonly condition: Expr | undefined;
      readonly step: Statement | undefined;
      readonly body: Statement;
    }
  | { readonly is: 'each'; readonly name: string; readonly array: string; readonly body: Statement }
  | { readonly is: 'delete'; readonly name: string; readonly index: readonly Expr[] | undefined }
  | {
      readonly is: 'leave';
      readonly what: 'next' | 'nextfile' | 'break' | 'continue' | 'exit' | 'return';
      readonly value: Expr | undefined;
    };

export interface Rule {
  readonly kind: 'BEGIN' | 'END' | 'line';
  readonly from: Expr | undefined;
  readonly to: Expr | undefined;
  readonly body: Statement | undefined;
}

export interface AwkFunction {
  readonly parameters: readonly string[];
  readonly body: Statement;
}

export interface AwkProgram {
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, AwkFunction>;
}

export class AwkError extends Error {}

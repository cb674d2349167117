/** A piece of a word. `quoted` pieces are not split into fields and stand for no pattern. */
export type WordPart =
  | { readonly is: 'text'; readonly text: string; readonly quoted: boolean }
  | VariablePart
  | { readonly is: 'command'; readonly script: List; readonly quoted: boolean }
  | { readonly is: 'arithmetic'; readonly expression: Word; readonly quoted: boolean }
  | { readonly is: 'process'; readonly script: List; readonly isInput: boolean; readonly quoted: boolean };

export interface VariablePart {
  readonly is: 'variable';
  readonly name: string;
  /** Of an array; `@` and `*` are all of it. */
  readonly index?: Word | '@' | '*';
  /** What stands after the name, such as `:-`, `##`, `/`, `:` (a part), `^^`, or `length`. */
  readonly operator: string;
  readonly argument: Word;
  /** A replacement, or a length. */
  readonly second?: Word;
  /** The value is the name of the variable that is meant: `${!name}`. */
  readonly isIndirect?: boolean;
  readonly quoted: boolean;
}

export type Word = readonly WordPart[];

export interface Assignment {
  readonly name: string;
  readonly index?: Word;
  /** An array's elements, each perhaps with its index. */
  readonly value: Word | readonly Element[];
  readonly isArray: boolean;
  readonly isAppend: boolean;
}

export interface Element {
  readonly index?: Word;
  readonly word: Word;
}

export type RedirectionOperator = '<' | '>' | '>>' | '>|' | '<>' | '>&' | '<&' | '<<' | '<<<' | '&>' | '&>>';

export interface Redirection {
  readonly descriptor: number;
  /** `<<` holds the text itself. */
  readonly operator: RedirectionOperator;
  readonly target: Word;
}

interface Redirected {
  readonly redirections: readonly Redirection[];
}

export interface SimpleCommand extends Redirected {
  readonly is: 'simple';
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  /** Words that are assignments for a command that takes such: `export a=b`, by their place. */
  readonly declared: ReadonlyMap<number, Assignment>;
  readonly line: number;
}

export interface CaseBranch {
  readonly patterns: readonly Word[];
  readonly body: List;
  /** `;&` goes on with the next body, `;;&` with the next pattern. */
  readonly end: ';;' | ';&' | ';;&';
}

/** What stands between `[[` and `]]`. */
export type Condition =
  | { readonly is: 'not'; readonly inner: Condition }
  | { readonly is: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly is: 'unary'; readonly operator: string; readonly word: Word }
  | { readonly is: 'binary'; readonly operator: string; readonly left: Word; readonly right: Word };

export type Command =
  | SimpleCommand
  | (Redirected & { readonly is: 'group'; readonly isSubshell: boolean; readonly body: List })
  | (Redirected & {
      readonly is: 'if';
      readonly branches: readonly { readonly condition: List; readonly body: List }[];
      readonly otherwise: List | undefined;
    })
  | (Redirected & { readonly is: 'loop'; readonly until: boolean; readonly condition: List; readonly body: List })
  | (Redirected & {
      readonly is: 'for';
      readonly name: string;
      readonly words: readonly Word[] | undefined;
      readonly body: List;
    })
  | (Redirected & {
      readonly is: 'count';
      readonly start: Word;
      readonly condition: Word;
      readonly step: Word;
      readonly body: List;
    })
  | (Redirected & { readonly is: 'case'; readonly subject: Word; readonly branches: readonly CaseBranch[] })
  | (Redirected & { readonly is: 'arithmetic'; readonly expression: Word })
  | (Redirected & { readonly is: 'condition'; readonly condition: Condition })
  | { readonly is: 'function'; readonly name: string; readonly body: Command };

export interface Pipeline {
  readonly isNegated: boolean;
  readonly isTimed: boolean;
  readonly commands: readonly Command[];
  /** As it was written, for `jobs`. */
  readonly text: string;
}

export interface Item {
  /** How it hangs on the one before it. */
  readonly joined: ';' | '&&' | '||';
  readonly pipeline: Pipeline;
  /** The whole chain up to here runs beside what follows. */
  readonly isBackground: boolean;
}

export type List = readonly Item[];

export class ShellSyntaxError extends Error {
  /** More text might make it right. */
  readonly isIncomplete: boolean;

  constructor(message: string, isIncomplete = false) {
    super(message);
    this.isIncomplete = isIncomplete;
  }
}

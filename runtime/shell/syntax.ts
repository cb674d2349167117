/** A piece of a word. `quoted` pieces are not split into fields and stand for no pattern. */
export type WordPart =
  | { readonly is: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly is: 'variable';
      readonly name: string;
      readonly operator: string;
      readonly argument: Word;
      readonly quoted: boolean;
    }
  | { readonly is: 'command'; readonly script: List; readonly quoted: boolean }
  | { readonly is: 'arithmetic'; readonly expression: Word; readonly quoted: boolean };

export type Word = readonly WordPart[];

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export interface Redirection {
  readonly descriptor: number;
  /** `>&` and `<&` name another descriptor, `<<` holds the text itself. */
  readonly operator: '<' | '>' | '>>' | '>&' | '<&' | '<<';
  readonly target: Word;
}

export type Command =
  | {
      readonly is: 'simple';
      readonly assignments: readonly Assignment[];
      readonly words: readonly Word[];
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly is: 'group';
      readonly isSubshell: boolean;
      readonly body: List;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly is: 'if';
      readonly branches: readonly { readonly condition: List; readonly body: List }[];
      readonly otherwise: List | undefined;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly is: 'loop';
      readonly until: boolean;
      readonly condition: List;
      readonly body: List;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly is: 'for';
      readonly name: string;
      readonly words: readonly Word[] | undefined;
      readonly body: List;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly is: 'case';
      readonly subject: Word;
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: List }[];
      readonly redirections: readonly Redirection[];
    }
  | { readonly is: 'function'; readonly name: string; readonly body: Command };

export interface Pipeline {
  readonly isNegated: boolean;
  readonly commands: readonly Command[];
}

export interface Item {
  /** How it hangs on the one before it. */
  readonly joined: ';' | '&&' | '||';
  readonly pipeline: Pipeline;
  /** The whole chain up to here runs beside what follows. */
  readonly isBackground: boolean;
}

export type List = readonly Item[];

export class ShellSyntaxError extends Error {}

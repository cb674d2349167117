import type { Issue } from '../source.ts';
import type { Token } from './lexer.ts';

export function explainSyntaxErrors(_text: string, tokens: readonly Token[]): Issue[] {
  return [{ offset: tokens[0]?.offset ?? 0, message: 'Syntax error: TODO' }];
}

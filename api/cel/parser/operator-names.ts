import type { TokenType } from './lexer.ts';

export const relations: Partial<Record<TokenType, string>> = {
  "'<'": '_<_',
  "'<='": '_<=_',
  "'>='": '_>=_',
  "'>'": '_>_',
  "'=='": '_==_',
  "'!='": '_!=_',
  "'in'": '@in',
};
export const products: Partial<Record<TokenType, string>> = { "'*'": '_*_', "'/'": '_/_', "'%'": '_%_' };
export const sums: Partial<Record<TokenType, string>> = { "'+'": '_+_', "'-'": '_-_' };

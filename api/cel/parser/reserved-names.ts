/** Words that no variable or function may be called; fields may. */
export const reservedNames: ReadonlySet<string> = new Set(
  ['as break const continue else for function if import let loop package namespace return var', 'void while']
    .join(' ')
    .split(' '),
);
